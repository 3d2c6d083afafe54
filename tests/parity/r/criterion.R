suppressMessages({library(psych); library(pROC)})

hs <- read_data("hs1939.csv")
one <- function(x, y, reliability, other) {
  use <- !is.na(x) & !is.na(y); x <- x[use]; y <- y[use]; n <- length(x)
  t <- cor.test(x, y); s <- suppressWarnings(cor.test(x, y, method = "spearman", exact = FALSE))
  rho <- unname(s$estimate)
  half <- qnorm(.975) * sqrt((1 + rho^2 / 2) / (n - 3))
  root <- sqrt(reliability * other)
  # R takes the probability of rho from t only where it is told so; exact = FALSE is that test.
  c(n = n, r = unname(t$estimate), ci_low = t$conf.int[1], ci_high = t$conf.int[2], pvalue = t$p.value,
    rho = rho, rho_low = tanh(atanh(rho) - half), rho_high = tanh(atanh(rho) + half), rho_p = s$p.value,
    reliability = reliability, corrected = unname(t$estimate) / root,
    corrected_low = t$conf.int[1] / root, corrected_high = t$conf.int[2] / root)
}
more <- function(x, y, z) {
  d <- na.omit(data.frame(y = y, x = x, z))
  a <- lm(y ~ . - x, d); b <- lm(y ~ ., d); v <- anova(a, b)
  beta <- coef(b)["x"] * sd(d$x) / sd(d$y)
  c(n = nrow(d), r2_covariates = summary(a)$r.squared, r2 = summary(b)$r.squared,
    delta_r2 = summary(b)$r.squared - summary(a)$r.squared, f = v$F[2], df1 = v$Df[2], df2 = v$Res.Df[2],
    pvalue = v[["Pr(>F)"]][2], beta = unname(beta))
}
area <- function(x, y) {
  r <- roc(y, x, direction = "<", quiet = TRUE); i <- ci.auc(r)
  c(n_low = length(r$controls), n_high = length(r$cases), auc = i[2], se = sqrt(var(r)), ci_low = i[1], ci_high = i[3])
}
criterion_case <- function(id, call, scales, y, reliability, other, z = NULL, binary = FALSE) {
  related <- t(sapply(scales, function(s) one(hs[[s]], y, reliability[[s]], other)))
  related <- cbind(related, p_holm = p.adjust(related[, "pvalue"], "holm"))
  out <- list(correlations = related)
  if (!is.null(z)) {
    out$incremental <- t(sapply(scales, function(s) more(hs[[s]], y, z)))
    out$incremental <- cbind(out$incremental, p_holm = p.adjust(out$incremental[, "pvalue"], "holm"))
  }
  if (binary) out$discrimination <- t(sapply(scales, function(s) area(hs[[s]], y)))
  case(id, "Criterion validity", call, out)
}
call <- "cor.test(x, y); cor.test(x, y, method = 'spearman', exact = FALSE); anova(lm(y ~ z), lm(y ~ z + x)); pROC::ci.auc(roc(y, x, direction = '<'))  # %s"
scales <- setNames(c("x1", "x4", "x7"), c("x1", "x4", "x7"))
criterion_case("hs1939_x9", sprintf(call, "hs1939: x1, x4, x7 with x9, over age and sex"), scales, hs$x9,
               list(x1 = .7, x4 = .85, x7 = .6), .8, hs[c("ageyr", "sex")])
criterion_case("hs1939_grade", sprintf(call, "hs1939: with grade, one value missing"), scales, hs$grade,
               list(x1 = .7, x4 = .7, x7 = .7), 1, hs[c("ageyr", "sex", "x9")], binary = TRUE)
criterion_case("hs1939_school", sprintf(call, "hs1939: with the school, in the order of its names"), scales,
               as.numeric(factor(hs$school)) - 1, list(x1 = .9, x4 = .9, x7 = .9), 1, binary = TRUE)

pair <- function(r, rx, ry, n) {
  corrected <- correct.cor(matrix(c(1, r, r, 1), 2), c(rx, ry))[1, 2]
  limits <- r.con(r, n) / sqrt(rx * ry)
  c(estimate = corrected, ci_low = limits[1], ci_high = limits[2])
}
case("disattenuate", "Correction for attenuation", "psych::correct.cor(r, c(rx, ry)); psych::r.con(r, n) / sqrt(rx * ry)",
     list(first = pair(.4, .8, .7, 120), second = pair(-.25, .55, .9, 30)))
