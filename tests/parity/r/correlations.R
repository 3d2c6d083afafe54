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
errors_of <- function(x, ordered) {
  fit <- lavCor(x, ordered = ordered, output = "fit", se = "standard")
  G <- lavInspect(fit, "gamma") / (nrow(x) - 1)
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
# Pairwise: each pair of variables alone, on its complete cases.
bfi <- read_data("bfi.csv")
# (Not with the age in it: there lavaan's search stops at -0.02 and -0.04 of the largest
# log-likelihood, for A2 and education.)
some <- data.frame(bfi[c("A1", "A2", "N3", "education")], sapply(c(c = "C", e = "E", o = "O"),
                   function(scale) rowMeans(bfi[paste0(scale, 1:5)])))
ordered <- c("A1", "A2", "N3", "education")
p <- ncol(some)
R <- diag(p); S <- matrix(0, p, p); N <- crossprod(!is.na(some))
dimnames(R) <- dimnames(S) <- dimnames(N) <- list(names(some), names(some))
for (i in 1:(p - 1)) for (j in (i + 1):p) {
  x <- na.omit(some[c(i, j)])
  own <- intersect(names(x), ordered)
  if (length(own)) {
    R[i, j] <- R[j, i] <- unclass(lavCor(x, ordered = own))[1, 2]
    S[i, j] <- S[j, i] <- errors_of(x, own)[1, 2]
  } else {
    R[i, j] <- R[j, i] <- cor(x)[1, 2]
    # lavaan's errors of two continuous variables do not depend on a third: an ordered one
    # stands beside them, so that they are those of a mixed model.
    z <- cbind(x, z = rep(1:2, length.out = nrow(x)))
    S[i, j] <- S[j, i] <- errors_of(z, "z")[1, 2]
  }
}
case(
  "bfi/mixed/pairwise", "Polyserial correlations",
  "lavCor of each pair's complete cases, with ordered = A1, A2, N3, education; standard errors as above",
  list(correlation = R, se = S, n = N)
)
