suppressMessages({
  library(psych)
  library(lavaan)
})

blocks <- list(
  bfi = read_data("bfi.csv")[, 1:25],
  hs1939 = read_data("hs1939.csv")[, paste0("x", 1:9)],
  spi_trust = read_data("spi_trust.csv")[, c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
)
for (name in names(blocks)) {
  x <- blocks[[name]]
  for (use in c("complete", "pairwise")) {
    case(
      paste(name, "spearman", use, sep = "/"), "Spearman correlations",
      sprintf('cor(%s, use = "%s", method = "spearman")', name, use),
      list(correlation = cor(x, use = use, method = "spearman"))
    )
  }
}
x <- blocks$bfi[rowSums(!is.na(blocks$bfi)) > 0, ]
fit <- lavCor(x, missing = "ml", output = "fit", em.h1.tol = 1e-12, em.h1.iter.max = 10000)
case(
  "bfi/fiml", "Full-information correlations",
  'cov2cor(lavInspect(lavCor(bfi, missing = "ml", output = "fit"), "sampstat")$cov)',
  list(correlation = cov2cor(unclass(lavInspect(fit, "sampstat")$cov)))
)

# Correlations that no data could have together: three items that cannot all oppose each other.
impossible <- matrix(-0.7, 3, 3, dimnames = list(c("a", "b", "c"), c("a", "b", "c")))
diag(impossible) <- 1
case(
  "smoothing", "Smoothed correlations", "cor.smooth(matrix)",
  list(correlation = suppressWarnings(cor.smooth(impossible)))
)

# Ordered answers beside continuous tests, with standard errors: the delta method on the
# covariances of all moments, which lavaan keeps on n (its own standard errors are on n - 1).
errors_of <- function(x, ordered, missing = "listwise") {
  fit <- suppressWarnings(lavCor(x, ordered = ordered, output = "fit", se = "standard", missing = missing))
  G <- lavInspect(fit, "gamma") / (lavInspect(fit, "nobs") - 1)
  C <- lavInspect(fit, "sampstat")$cov
  se <- matrix(0, ncol(x), ncol(x), dimnames = list(names(x), names(x)))
  for (i in names(x)) for (j in setdiff(names(x), i)) {
    own <- intersect(paste0(c(i, j), "~~", c(j, i)), rownames(G))
    r <- C[i, j] / sqrt(C[i, i] * C[j, j])
    slope <- setNames(1 / sqrt(C[i, i] * C[j, j]), own)
    for (v in setdiff(c(i, j), ordered)) slope[paste0(v, "~~", v)] <- -r / (2 * C[v, v])
    se[i, j] <- sqrt(drop(slope %*% G[names(slope), names(slope)] %*% slope))
  }
  se
}
mixed <- blocks$hs1939
mixed$x2 <- as.integer(cut(mixed$x2, c(-Inf, 5, 6, 7, Inf)))
mixed$x5 <- as.integer(cut(mixed$x5, c(-Inf, 4, Inf)))
case(
  "hs1939/mixed", "Polyserial correlations",
  'lavCor(transform(hs, x2 = cut(x2, c(-Inf, 5, 6, 7, Inf)), x5 = cut(x5, c(-Inf, 4, Inf))), ordered = c("x2", "x5")); standard errors by the delta method on lavInspect(fit, "gamma") / (n - 1)',
  list(correlation = unclass(lavCor(mixed, ordered = c("x2", "x5"))), se = errors_of(mixed, c("x2", "x5")))
)
# Pairwise: thresholds, means and variances from everyone who answered the variable. Continuous
# ones are in units so small that lavaan keeps everyone: it leaves out persons whose likelihood,
# which depends on the units, is below 1.5e-8. Two outliers would take 0.02 from C with E.
bfi <- read_data("bfi.csv")
some <- data.frame(bfi[c("A1", "A2", "N3", "education")], age = bfi$age / 10000,
                   sapply(c(c = "C", e = "E", o = "O"), function(scale) rowMeans(bfi[paste0(scale, 1:5)]) / 1000))
row <- seq_len(nrow(some))
for (j in seq_along(some)) some[[j]][(row * 7 + j * 13) %% 31 < 4] <- NA
some[c(5, 50), ] <- NA
pairwise <- function(x, ordered) {
  R <- suppressWarnings(lavCor(x, ordered = ordered, missing = "pairwise"))
  list(correlation = unclass(R), se = errors_of(x, ordered, "pairwise"), n = crossprod(!is.na(x)))
}
ordered <- c("A1", "A2", "N3", "education")
case(
  "bfi/mixed/pairwise", "Polyserial correlations",
  'lavCor(x, ordered = c("A1", "A2", "N3", "education"), missing = "pairwise"); standard errors as above',
  pairwise(some, ordered)
)
case(
  "bfi/ordered/pairwise", "Polychoric correlations",
  'lavCor(x, ordered = names(x), missing = "pairwise"); standard errors as above',
  pairwise(some[ordered], ordered)
)
