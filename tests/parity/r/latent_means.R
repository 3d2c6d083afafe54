suppressMessages(library(lavaan))

hs <- read_data("hs1939.csv")
bfi <- read_data("bfi.csv")
democracy <- read_data("political_democracy.csv")
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)
holes <- hs
for (j in 1:9) {
  name <- paste0("x", j)
  holes[[name]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
}
columns <- c("difference", "se", "z", "pvalue", "ci_low", "ci_high", "d", "d_low", "d_high")
# The difference is the later mean, as the first is 0; d divides it by the root of the variances
# pooled with the persons as weights. Both are defined parameters, with lavaan's delta errors.
from_defined <- function(fit, names) {
  p <- parameterEstimates(fit); p <- p[p$op == ":=", ]; rownames(p) <- p$lhs
  a <- p[paste0("gap_", names), ]; d <- p[paste0("d_", names), ]
  x <- cbind(a$est, a$se, a$z, a$pvalue, a$ci.lower, a$ci.upper, d$est, d$ci.lower, d$ci.upper)
  dimnames(x) <- list(names, columns); x
}

groups <- function(id, factors, data, group, ...) {
  data <- data[order(data[[group]]), ]
  items <- unlist(factors)
  used <- if (identical(list(...)$missing, "fiml")) data else data[stats::complete.cases(data[c(items, group)]), ]
  sizes <- as.numeric(table(used[[group]])); labels <- names(table(used[[group]])); k <- length(sizes)
  lines <- c(); rows <- c()
  for (f in names(factors)) {
    lines <- c(lines, paste(f, "=~", paste(factors[[f]], collapse = " + ")),
      sprintf("%s ~~ c(%s)*%s + c(%s)*%s", f, paste(c(1, rep("NA", k - 1)), collapse = ","), f, paste0("v", f, 1:k, collapse = ","), f),
      sprintf("%s ~ c(%s)*1 + c(%s)*1", f, paste(c(0, rep("NA", k - 1)), collapse = ","), paste0("m", f, 1:k, collapse = ",")))
    for (g in 2:k) {
      lines <- c(lines, sprintf("gap_%s_%d := m%s%d", f, g, f, g),
        sprintf("d_%s_%d := m%s%d / sqrt((%d + %d*v%s%d) / %d)", f, g, f, g, sizes[1], sizes[g], f, g, sizes[1] + sizes[g]))
      rows <- c(rows, paste(f, g, sep = "_"))
    }
  }
  fit <- suppressWarnings(cfa(paste(lines, collapse = "\n"), used, group = group, group.equal = c("loadings", "intercepts"), std.lv = TRUE, control = tight, ...))
  found <- from_defined(fit, rows)
  rownames(found) <- paste(rep(names(factors), each = k - 1), rep(labels[-1], length(factors)))
  case(id, "Differences of latent means",
       sprintf('cfa("...; d := m2 / sqrt((n1 + n2*v2) / (n1 + n2))", group = "%s", group.equal = c("loadings", "intercepts"), std.lv = TRUE)', group),
       list(means = found))
}
three <- list(visual = paste0("x", 1:3), textual = paste0("x", 4:6), speed = paste0("x", 7:9))
traits <- list(agree = paste0("A", 1:5), consc = paste0("C", 1:5), neuro = paste0("N", 1:5))
groups("hs ML", three, hs, "school")
groups("hs MLR fiml", three, holes, "school", estimator = "MLR", missing = "fiml")
groups("bfi ML", traits, bfi, "gender")
groups("bfi five", traits["neuro"], bfi, "education", estimator = "MLR")

# Two waves: loadings and intercepts share labels.
waves <- "d60 =~ l1*y1 + l2*y2 + l3*y3 + l4*y4\nd65 =~ l1*y5 + l2*y6 + l3*y7 + l4*y8
y1 + y5 ~ i1*1\ny2 + y6 ~ i2*1\ny3 + y7 ~ i3*1\ny4 + y8 ~ i4*1\ny1 ~~ y5\ny2 ~~ y6\ny3 ~~ y7\ny4 ~~ y8
d65 ~~ NA*d65 + v65*d65\nd65 ~ NA*1 + m65*1\ngap_65 := m65\nd_65 := m65 / sqrt((1 + v65) / 2)"
for (estimator in c("ML", "MLR")) {
  fit <- suppressWarnings(cfa(waves, democracy, std.lv = TRUE, meanstructure = TRUE, estimator = estimator, control = tight))
  case(paste("waves", estimator), "Differences of latent means", sprintf('cfa("...; d := m65 / sqrt((1 + v65) / 2)", std.lv = TRUE, estimator = "%s")', estimator),
       list(means = from_defined(fit, "65")))
}

# Bias and d_MACS (Nye & Drasgow, 2011) where only one item's measurement is equal: a defined
# parameter for the mean bias, numerical integration over the focal factor for d_MACS.
bias <- function(id, call, fit, items, level, spread, first, second, pooled) {
  p <- parameterEstimates(fit); p <- p[p$op == ":=", ]; rownames(p) <- p$lhs
  k <- function(lhs, op, rhs = "", group = NULL) {
    t <- parTable(fit); t <- t[t$lhs == lhs & t$op == op & t$rhs == rhs, ]
    if (!is.null(group)) t <- t[t$group == group, ]
    t$est[1]
  }
  x <- t(sapply(seq_along(items), function(j) {
    a <- first(k, j); b <- second(k, j)
    d <- integrate(function(eta) (b[1] + b[2] * eta - a[1] - a[2] * eta)^2 * dnorm(eta, level(k), sqrt(spread(k))),
                   level(k) - 12 * sqrt(spread(k)), level(k) + 12 * sqrt(spread(k)), rel.tol = 1e-11)$value
    own <- paste0("bias_", items[j])
    if (!own %in% rownames(p)) return(c(b[2] - a[2], b[1] - a[1], 0, 0, 0, 0, 0, 0, 0))
    at <- as.numeric(p[own, c("est", "ci.lower", "ci.upper")])
    c(b[2] - a[2], b[1] - a[1], at, at / pooled[j], sqrt(d) / pooled[j])
  }))
  dimnames(x) <- list(items, c("loading_difference", "intercept_difference", "bias", "bias_low", "bias_high", "d_signed", "d_low", "d_high", "d_macs"))
  case(id, "Effect sizes of non-invariance", call, list(effects = x))
}
for (estimator in c("ML", "MLR")) for (anchor in 1:2) {
  l <- r <- matrix(paste0(rep(c("l", "k"), each = 4), 1:4), 4); i <- matrix(paste0(rep(c("i", "h"), each = 4), 1:4), 4)
  l[anchor, 2] <- l[anchor, 1]; i[anchor, 2] <- i[anchor, 1]
  free <- setdiff(1:4, anchor)
  model <- paste(c(
    sprintf("d60 =~ %s", paste0(l[, 1], "*y", 1:4, collapse = " + ")), sprintf("d65 =~ %s", paste0(l[, 2], "*y", 5:8, collapse = " + ")),
    sprintf("y%d ~ %s*1", 1:8, c(i)), sprintf("y%d ~~ y%d", 1:4, 5:8),
    "d65 ~~ NA*d65 + v65*d65", "d65 ~ NA*1 + m65*1",
    sprintf("bias_d%d := h%d - i%d + (k%d - l%d) * m65", free, free, free, free, free)), collapse = "\n")
  fit <- suppressWarnings(cfa(model, democracy, std.lv = TRUE, meanstructure = TRUE, estimator = estimator, control = tight))
  pooled <- sqrt((sapply(democracy[paste0("y", 1:4)], var) + sapply(democracy[paste0("y", 5:8)], var)) / 2)
  bias(paste("effects waves", estimator, anchor), sprintf('cfa("...; bias := i2 - i1 + (l2 - l1)*m65", std.lv = TRUE, estimator = "%s"); integrate()', estimator), fit, paste0("d", 1:4),
       level = function(k) k("d65", "~1"), spread = function(k) k("d65", "~~", "d65"),
       first = function(k, j) c(k(paste0("y", j), "~1"), k("d60", "=~", paste0("y", j))),
       second = function(k, j) c(k(paste0("y", j + 4), "~1"), k("d65", "=~", paste0("y", j + 4))), pooled = pooled)
}
# Two groups, one factor of bfi, its first item the anchor.
own <- bfi[stats::complete.cases(bfi[c(traits$neuro, "gender")]), ]; own <- own[order(own$gender), ]
model <- paste("neuro =~", paste0(sprintf("c(l%d,%s)", 1:5, c("l1", paste0("k", 2:5))), "*N", 1:5, collapse = " + "))
model <- paste(c(model, "N1 ~ c(i1,i1)*1", sprintf("N%d ~ c(i%d,h%d)*1", 2:5, 2:5, 2:5), "neuro ~~ c(1,NA)*neuro + c(v1,v2)*neuro",
  "neuro ~ c(0,NA)*1 + c(m1,m2)*1", sprintf("bias_N%d := h%d - i%d + (k%d - l%d) * m2", 2:5, 2:5, 2:5, 2:5, 2:5)), collapse = "\n")
fit <- suppressWarnings(cfa(model, own, group = "gender", std.lv = TRUE, control = tight))
n <- table(own$gender); s <- sapply(split(own[traits$neuro], own$gender), function(x) sapply(x, var))
bias("effects bfi", 'cfa("...; bias := i2 - i1 + (l2 - l1)*m2", group = "gender", std.lv = TRUE); integrate()', fit, traits$neuro,
     level = function(k) k("neuro", "~1", group = 2), spread = function(k) k("neuro", "~~", "neuro", 2),
     first = function(k, j) c(k(paste0("N", j), "~1", group = 1), k("neuro", "=~", paste0("N", j), 1)),
     second = function(k, j) c(k(paste0("N", j), "~1", group = 2), k("neuro", "=~", paste0("N", j), 2)),
     pooled = sqrt(((n[1] - 1) * s[, 1] + (n[2] - 1) * s[, 2]) / (sum(n) - 2)))
