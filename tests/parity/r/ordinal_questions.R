suppressMessages(library(lavaan))

bfi <- read_data("bfi.csv")
bfi <- bfi[complete.cases(bfi[, c(1:25, which(names(bfi) == "gender"))]), ][1:900, ]
# lavaan leaves out of a polyserial correlation whoever has a density below 1.5e-8.
bfi$age <- pmin(bfi$age, 60) / 100
hs <- read_data("hs1939.csv")
hs$x2 <- findInterval(hs$x2, c(5, 6.5, 8))
hs$x5 <- findInterval(hs$x5, c(3.5, 4.5, 5.5))
hs$x6 <- as.integer(hs$x6 > 2)
few <- as.data.frame(lapply(bfi[1:400, 1:10], function(x) as.integer(cut(x, c(0, 2, 4, 6)))))
few$A1 <- as.integer(few$A1 > 1)

two <- "A =~ A2 + A3 + A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5"
items <- c(paste0("A", 1:5), paste0("C", 1:5))
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
paths <- "A =~ A1 + A2 + A3\nC =~ C1 + C2 + C3\nC ~ A\nN1 ~ A + C\nN2 ~ A"
covariate <- "A =~ A1 + A2 + A3\nA ~ age\nN1 ~ A + age\nN2 ~ A"
labels <- "A =~ a*A2 + a*A3 + b*A4 + b*A5 + A1\nC =~ C1 + c*C2 + c*C3 + C4 + C5"

shown <- function(options) {
  paste(sprintf("%s = %s", names(options), vapply(options, function(x) paste(deparse(x), collapse = ""), "")), collapse = ", ")
}

# Given covariates, moments are of what these leave.
part <- function(x, name) if (is.null(x[[name]])) x[[paste0("res.", name)]] else x[[name]]

report <- function(id, text, data, ordered, ..., scores = FALSE, given = FALSE) {
  options <- list(...)
  fit <- suppressWarnings(do.call("sem", c(list(text, data = data, ordered = ordered, auto.fix.first = TRUE, auto.var = TRUE, auto.cov.lv.x = TRUE, fixed.x = given, conditional.x = given, control = list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)), options)))
  if (!lavInspect(fit, "converged")) stop(id, " did not converge")
  values <- list()

  table <- suppressWarnings(modindices(fit))
  # Under the theta parameterization scaling factors follow from variances, and are no candidates.
  if (lavInspect(fit, "options")$parameterization == "theta") table <- table[table$op != "~*~", ]
  group <- if (is.null(table$group)) 1 else table$group
  keys <- paste(table$lhs, table$op, table$rhs, group, sep = "|")
  own <- table$op == "~~" & table$lhs == table$rhs
  for (name in c("mi", "epc")) values[[name]] <- setNames(table[[name]], keys)
  # Of variances, lavaan standardises the estimate instead of the change.
  values$sepc_lv <- setNames(table$sepc.lv, keys)[!own]
  values$sepc_all <- setNames(table$sepc.all, keys)[!own & table$op != "~*~"]
  if (any(parTable(fit)$op == "==")) {
    test <- suppressWarnings(lavTestScore(fit))
    values$released <- test$uni$X2
    values$all <- test$test$X2
  }

  numbers <- lavInspect(fit, "nobs")
  mixed <- length(unlist(fit@Model@num.idx)) > 0
  kinds <- if (mixed || given) c("raw", "cor") else c("raw", "cor", "standardized", "normalized")
  several <- lavInspect(fit, "ngroups") > 1
  listed <- function(x) if (several) x else list(x)
  for (kind in kinds) {
    found <- listed(residuals(fit, type = kind))
    for (g in seq_along(found)) {
      # lavaan divides by the persons of all groups.
      by <- if (kind %in% c("standardized", "normalized")) sqrt(numbers[g] / sum(numbers)) else 1
      values[[paste(kind, "cov", g, sep = "|")]] <- unclass(part(found[[g]], "cov")) * by
      values[[paste(kind, "th", g, sep = "|")]] <- unclass(part(found[[g]], "th")) * by
      if (given) values[[paste(kind, "slopes", g, sep = "|")]] <- unclass(found[[g]]$res.slopes)
    }
  }
  implied <- listed(fitted(fit))
  shares <- listed(lavInspect(fit, "rsquare"))
  for (g in seq_along(implied)) {
    values[[paste("implied", "cov", g, sep = "|")]] <- unclass(part(implied[[g]], "cov"))
    values[[paste("implied", "th", g, sep = "|")]] <- unclass(part(implied[[g]], "th"))
    if (given) values[[paste("implied", "slopes", g, sep = "|")]] <- unclass(implied[[g]]$res.slopes)
    values[[paste("rsquare", g, sep = "|")]] <- setNames(as.numeric(shares[[g]]), names(shares[[g]]))
  }

  if (scores) {
    for (method in c("EBM", "ML")) {
      found <- unclass(suppressWarnings(lavPredict(fit, method = method)))[1:60, , drop = FALSE]
      # Where all answers are extreme the likelihood is flat, and lavaan's search ends anywhere or fails.
      keep <- rowSums(is.na(found)) == 0 & (method == "EBM" | rowSums(abs(found) > 2.5) == 0)
      rownames(found) <- seq_len(nrow(found))
      values[[paste("scores", method, sep = "|")]] <- found[keep, , drop = FALSE]
    }
  }
  case(id, "Questions to models of ordered items", sprintf("fit <- sem(model, data, %s)", shown(c(list(ordered = ordered), options))), values)
}

report("two", two, bfi, items, scores = TRUE)
report("two/theta", two, bfi, items, parameterization = "theta")
report("two/ULSMV", two, bfi, items, estimator = "ULSMV")
report("two/WLS", two, bfi, items, estimator = "WLS")
report("few", two, few, items, scores = TRUE)
report("labels", labels, bfi, items, estimator = "DWLS")
report("mixed", three, hs, c("x2", "x5", "x6"), scores = TRUE)
report("paths", paths, bfi, c("A1", "A2", "A3", "C1", "C2", "C3", "N1", "N2"), scores = TRUE)
report("covariate", covariate, bfi, c("A1", "A2", "A3", "N1", "N2"))
for (parameterization in c("delta", "theta")) {
  report(
    paste0("groups/", parameterization), two, bfi, items, group = "gender",
    group.equal = c("loadings", "thresholds"), parameterization = parameterization
  )
}
report("given", "A =~ A1 + A2 + A3\nA ~ age + gender\nN1 ~ A + age\nN2 ~ A", bfi, c("A1", "A2", "A3", "N1", "N2"), given = TRUE)
report("given/scores", "A =~ A1 + A2 + A3\nC =~ C1 + C2 + C3\nA ~ age + gender\nC ~ A + age", bfi, c("A1", "A2", "A3", "C1", "C2", "C3"), given = TRUE, scores = TRUE)
