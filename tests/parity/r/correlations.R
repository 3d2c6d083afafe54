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

# Ordered answers beside continuous tests: two of the nine cut into categories.
mixed <- blocks$hs1939
mixed$x2 <- as.integer(cut(mixed$x2, c(-Inf, 5, 6, 7, Inf)))
mixed$x5 <- as.integer(cut(mixed$x5, c(-Inf, 4, Inf)))
case(
  "hs1939/mixed", "Polyserial correlations",
  'lavCor(transform(hs, x2 = cut(x2, c(-Inf, 5, 6, 7, Inf)), x5 = cut(x5, c(-Inf, 4, Inf))), ordered = c("x2", "x5"))',
  list(correlation = unclass(lavCor(mixed, ordered = c("x2", "x5"))))
)
