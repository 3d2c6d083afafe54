suppressMessages(library(lavaan))

# Refits to resamples by a rule that any language can repeat.
drawn <- function(n, r) ((seq_len(n) * (2 * r + 1) + (seq_len(n) %/% 3) * r) %% n) + 1
hs <- read_data("hs1939.csv")
for (j in 1:9) {
  name <- paste0("x", j)
  hs[[name]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
}
bfi <- read_data("bfi.csv")
bfi <- bfi[complete.cases(bfi[, c(1:10, which(names(bfi) == "gender"))]), c(names(bfi)[1:10], "gender")][1:600, ]
some <- bfi
for (j in 1:10) some[[j]][(seq_len(nrow(bfi)) * 7 + j * 13) %% 29 < 2] <- NA
mixed <- bfi
mixed$A5 <- mixed$A5 + mixed$C1 / 7
schools <- read_data("schools.csv")

three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
two <- "A =~ A2 + A3 + A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5"
levels <- "level: 1\nfw =~ y1 + y2 + y3\nlevel: 2\nfb =~ y1 + y2 + y3"
items <- c(paste0("A", 1:5), paste0("C", 1:5))
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)

report <- function(id, text, data, ..., count = 4) {
  found <- sapply(seq_len(count), function(r) {
    part <- if ("group" %in% names(list(...))) {
      do.call(rbind, lapply(unique(data[[list(...)$group]]), function(g) {
        own <- data[data[[list(...)$group]] == g, ]
        own[drawn(nrow(own), r), ]
      }))
    } else if ("cluster" %in% names(list(...))) {
      clusters <- unique(data$school)
      do.call(rbind, lapply(seq_along(clusters), function(k) {
        own <- data[data$school == clusters[drawn(length(clusters), r)[k]], ]
        own$school <- k
        own
      }))
    } else {
      data[drawn(nrow(data), r), ]
    }
    fit <- suppressWarnings(cfa(text, data = part, control = tight, ...))
    if (!lavInspect(fit, "converged")) stop(id, " did not converge")
    free <- parTable(fit)
    free <- free[free$free > 0 & !duplicated(free$free), ]
    group <- if (is.null(free$level) || max(free$level) < 2) free$group else free$level
    setNames(free$est, paste(free$lhs, free$op, free$rhs, group, sep = "|"))
  })
  colnames(found) <- seq_len(count)
  case(id, "Models fitted to resamples", "coef(cfa(model, data[rows, ], ...))", list(coefficients = found))
}

report("fiml", three, hs, missing = "fiml")
report("fiml/group", three, hs, missing = "fiml", group = "school")
report("ordered", two, bfi, ordered = items)
report("ordered/theta", two, bfi, ordered = items, parameterization = "theta")
report("ordered/ULS", two, bfi, ordered = items, estimator = "ULSMV")
report("ordered/WLS", "C =~ C1 + C2 + C3 + C4", bfi, ordered = paste0("C", 1:4), estimator = "WLS")
report("ordered/group", two, bfi, ordered = items, group = "gender")
report("ordered/pairwise", two, some, ordered = items, missing = "pairwise")
report("mixed", two, mixed, ordered = setdiff(items, "A5"))
report("clusters", levels, schools, cluster = "school")
