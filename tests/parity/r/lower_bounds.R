suppressWarnings(library(psych))

# psych::guttman calls functions that announce themselves and warn that it is superseded.
quiet_guttman <- function(R) {
  out <- NULL
  suppressMessages(suppressWarnings(capture.output(out <- guttman(R))))
  out
}
guttman_case <- function(id, call, R) {
  g <- quiet_guttman(R)
  values <- list(lambdas = c(lambda1 = g$lambda.1, lambda2 = g$lambda.2, lambda3 = g$lambda.3,
    lambda5 = g$lambda.5, lambda6 = g$lambda.6))
  # Of an odd number of items psych looks at some of the splits only.
  if (ncol(R) %% 2 == 0 && ncol(R) <= 16) values$lambda4 <- c(lambda4 = g$lambda.4)
  case(id, "Guttman's lambdas", call, values)
}
# The definitions, for covariances, of which psych gives lambda 6 only in part.
raw_case <- function(id, call, C) {
  k <- ncol(C); V <- sum(C); off <- C; diag(off) <- 0
  l1 <- 1 - sum(diag(C)) / V
  halves <- combn(k, k %/% 2)
  l4 <- max(apply(halves, 2, function(a) 4 * sum(C[a, -a]) / V))
  case(id, "Guttman's lambdas of covariances", call, list(lambdas = c(
    lambda1 = l1, lambda2 = l1 + sqrt(k / (k - 1) * sum(off^2)) / V, lambda3 = k / (k - 1) * l1,
    lambda4 = l4, lambda5 = l1 + 2 * sqrt(max(colSums(off^2))) / V,
    lambda6 = 1 - sum(1 / diag(solve(C))) / V)))
}

bfi <- read_data("bfi.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
spi <- read_data("spi_trust.csv")
trust <- spi[c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
trust$q_871 <- 7 - trust$q_871
attitude <- read_data("attitude.csv")
stopifnot(all.equal(attitude, datasets::attitude, check.attributes = FALSE))

sets <- list()
for (scale in c("A", "C", "E", "N", "O")) sets[[paste0("bfi_", scale)]] <- bfi[paste0(scale, 1:5)]
sets$bfi_AC <- bfi[paste0(rep(c("A", "C"), each = 5), 1:5)]
sets$bfi_CE6 <- bfi[c("C1", "C2", "C3", "E1", "E2", "E3")]
sets$bfi_25 <- bfi[1:25]
sets$spi_trust <- trust
sets$spi_trust_4 <- trust[1:4]
sets$attitude <- attitude
sets$attitude_6 <- attitude[1:6]
for (id in names(sets)) {
  x <- na.omit(sets[[id]])
  guttman_case(id, sprintf("psych::guttman(cor(na.omit(x)))  # %s", id), cor(x))
  if (ncol(x) < 12) raw_case(paste0(id, "_raw"), "1 - tr(C) / sum(C), ...; C <- cov(na.omit(x))", cov(x))
}
guttman_case("bfi_A_pairwise", "psych::guttman(cov2cor(cov(x, use = 'pairwise')))",
  cov2cor(cov(sets$bfi_A, use = "pairwise")))
guttman_case("bfi_AC_pairwise", "psych::guttman(cov2cor(cov(x, use = 'pairwise')))",
  cov2cor(cov(sets$bfi_AC, use = "pairwise")))

# The prophecy formula, written out: CTT is not among Debian's packages.
rho <- c(.1, .3, .6, .85); m <- c(.5, 1, 2, 3.5)
case("spearman_brown", "Spearman-Brown prophecy", "m * rho / (1 + (m - 1) * rho)", list(
  predicted = as.vector(outer(rho, m, function(r, m) m * r / (1 + (m - 1) * r))),
  length = as.vector(outer(rho, c(.5, .7, .9), function(r, t) t * (1 - r) / (r * (1 - t))))))
