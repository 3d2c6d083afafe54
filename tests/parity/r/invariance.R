suppressMessages({
  library(lavaan)
  library(semTools)
})

hs <- read_data("hs1939.csv")
bfi <- read_data("bfi.csv")
bfi <- bfi[stats::complete.cases(bfi[c("A1", "A2", "A3", "A4", "A5", "C1", "C2", "C3", "C4", "C5", "N1", "N2", "N3", "N4", "N5", "gender")]), ]
holes <- hs
for (j in 1:9) {
  name <- paste0("x", j)
  holes[[name]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
}
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
traits <- "agree =~ A1 + A2 + A3 + A4 + A5\nconsc =~ C1 + C2 + C3 + C4 + C5\nneuro =~ N1 + N2 + N3 + N4 + N5"
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)
levels <- list(
  configural = "",
  metric = "loadings",
  scalar = c("loadings", "intercepts"),
  strict = c("loadings", "intercepts", "residuals"),
  lv_variances = c("loadings", "intercepts", "residuals", "lv.variances"),
  lv_means = c("loadings", "intercepts", "residuals", "lv.variances", "means")
)

fit_level <- function(model, data, group, level, ..., partial = "") {
  suppressWarnings(cfa(model, data = data, group = group, group.equal = levels[[level]], group.partial = partial, std.lv = TRUE, control = tight, ...))
}

level_values <- function(fit) {
  table <- suppressWarnings(parameterEstimates(fit, standardized = TRUE, remove.nonfree = FALSE))
  keys <- paste(table$lhs, table$op, table$rhs, table$group, sep = "|")
  measures <- suppressWarnings(fitMeasures(fit))
  names(measures) <- gsub(".", "_", names(measures), fixed = TRUE)
  list(
    fit = setNames(as.numeric(measures), names(measures)),
    est = setNames(table$est, keys), se = setNames(table$se, keys), std = setNames(table$std.all, keys)
  )
}

climb <- function(id, model, data, group, wanted, ...) {
  fits <- lapply(setNames(wanted, wanted), function(level) fit_level(model, data, group, level, ...))
  extra <- paste(sprintf(", %s = '%s'", names(list(...)), unlist(list(...))), collapse = "")
  for (i in seq_along(wanted)) {
    values <- level_values(fits[[i]])
    if (i > 1) {
      test <- suppressWarnings(lavTestLRT(fits[[i - 1]], fits[[i]]))
      values$difference <- c(chisq_diff = test[2, "Chisq diff"], df_diff = test[2, "Df diff"], pvalue_diff = test[2, "Pr(>Chisq)"])
    }
    case(
      paste(id, wanted[i], sep = "/"), "Invariance over groups",
      sprintf("cfa(model, data, group = '%s', group.equal = %s, std.lv = TRUE%s); lavTestLRT()", group, paste(deparse(levels[[wanted[i]]]), collapse = ""), extra),
      values
    )
  }
  # Changes of indices, as compareFit puts them together.
  found <- suppressWarnings(compareFit(fits))@fit.diff
  names(found) <- gsub(".", "_", names(found), fixed = TRUE)
  kind <- intersect(c("cfi_robust", "cfi_scaled", "cfi"), names(found))[1]
  end <- sub("cfi", "", kind)
  table <- cbind(cfi = found[[kind]], rmsea = found[[paste0("rmsea", end)]], srmr = found$srmr)
  rownames(table) <- wanted[-1]
  case(paste(id, "changes", sep = "/"), "Invariance over groups", sprintf("compareFit(fits)@fit.diff%s", extra), list(changes = table))
  fits
}

all <- names(levels)
ml <- climb("hs/ML", three, hs, "school", all)
robust <- list(
  MLR = climb("hs/MLR", three, hs, "school", all[1:4], estimator = "MLR"),
  MLM = climb("hs/MLM", three, hs, "school", all[1:4], estimator = "MLM")
)
# The difference of 2010, which serves where the one of 2001 has a negative scaling factor. lavaan
# puts the restricted model's parameters into the general one, so these must be among its own:
# they are with first loadings of 1 (and the statistic is the same), not with std.lv.
for (estimator in names(robust)) {
  for (pair in list(c("configural", "metric"), c("scalar", "strict"))) {
    fits <- lapply(pair, function(level) suppressWarnings(cfa(three, hs, group = "school", group.equal = levels[[level]], estimator = estimator, control = tight)))
    test <- suppressWarnings(lavTestLRT(fits[[1]], fits[[2]], method = "satorra.bentler.2010"))
    case(
      paste("hs/positive", estimator, pair[2], sep = "/"), "Scaled difference of 2010",
      "lavTestLRT(general, restricted, method = 'satorra.bentler.2010')", list(chisq = test[2, "Chisq diff"])
    )
  }
}
climb("holes/MLR", three, holes, "school", all[1:4], estimator = "MLR", missing = "fiml")
big <- climb("bfi/ML", traits, bfi, "gender", all)

# Score tests of all equalities of a level, each alone: with two groups one degree of freedom.
tests <- function(id, fit, op) {
  table <- parTable(fit)
  found <- lavTestScore(fit)$uni
  row <- match(found$lhs, table$plabel)
  kept <- table$op[row] == op & if (op == "~~") table$lhs[row] == table$rhs[row] else TRUE
  names <- paste0(table$lhs, table$op, table$rhs)[row]
  case(id, "Score tests of equalities", "lavTestScore(fit)$uni", list(chisq = setNames(found$X2[kept], names[kept])))
}
tests("hs/tests/metric", ml$metric, "=~")
tests("hs/tests/scalar", ml$scalar, "~1")
tests("hs/tests/strict", ml$strict, "~~")
tests("bfi/tests/metric", big$metric, "=~")
tests("bfi/tests/scalar", big$scalar, "~1")

# Partial invariance, and the effect sizes that it leaves, by numerical integration over the
# focal group's factor; standard deviations are pooled with divisors n - 1.
effects <- function(id, call, fit, data, group, factors) {
  est <- lavInspect(fit, "est")
  labels <- lavInspect(fit, "group.label")
  items <- unlist(factors)
  answers <- lapply(labels, function(label) data[data[[group]] == label, items])
  sizes <- sapply(answers, nrow)
  pooled <- sqrt(((sizes[1] - 1) * sapply(answers[[1]], var) + (sizes[2] - 1) * sapply(answers[[2]], var)) / (sum(sizes) - 2))
  out <- matrix(NA, length(items), 3, dimnames = list(items, c("bias", "d_signed", "d_macs")))
  for (f in names(factors)) {
    mean <- est[[2]]$alpha[f, 1]
    sd <- sqrt(est[[2]]$psi[f, f])
    for (item in factors[[f]]) {
      gap <- function(eta) (est[[2]]$nu[item, 1] + est[[2]]$lambda[item, f] * eta) - (est[[1]]$nu[item, 1] + est[[1]]$lambda[item, f] * eta)
      over <- function(g) integrate(function(eta) g(eta) * dnorm(eta, mean, sd), mean - 12 * sd, mean + 12 * sd, rel.tol = 1e-10)$value
      out[item, ] <- c(over(gap), over(gap) / pooled[item], sqrt(over(function(eta) gap(eta)^2)) / pooled[item])
    }
  }
  scale <- sapply(names(factors), function(f) mean(out[factors[[f]], "bias"]))
  case(id, "Effect sizes of non-invariance", call, c(list(effects = out, scale = scale), level_values(fit)))
}
groups <- list(visual = c("x1", "x2", "x3"), textual = c("x4", "x5", "x6"), speed = c("x7", "x8", "x9"))
effects(
  "hs/partial", "cfa(model, data, group = 'school', group.equal = c('loadings', 'intercepts'), group.partial = c('x3 ~ 1', 'x7 ~ 1'), std.lv = TRUE); integrate()",
  fit_level(three, hs, "school", "scalar", partial = c("x3 ~ 1", "x7 ~ 1")), hs, "school", groups
)
free <- c("visual =~ x2", "visual =~ x3", "textual =~ x5", "textual =~ x6", "speed =~ x7", "speed =~ x8", "x2 ~ 1", "x3 ~ 1", "x5 ~ 1", "x6 ~ 1", "x7 ~ 1", "x8 ~ 1")
effects(
  "hs/anchors", "as hs/partial, all but x1, x4 and x9 released",
  fit_level(three, hs, "school", "scalar", partial = free), hs, "school", groups
)
