suppressWarnings(library(psych))

# Every value of psych::splitHalf, for even numbers of items; for odd ones, of which psych
# takes the first half of the splits only, all splits written out.
split_case <- function(id, x, covar) {
  s <- suppressMessages(suppressWarnings(splitHalf(x, raw = TRUE, covar = covar)))
  case(id, "Split-half reliability",
    sprintf("psych::splitHalf(x, raw = TRUE%s)", if (covar) ", covar = TRUE" else ""),
    list(
      numbers = c(max = s$maxrb, mean = s$meanr, min = s$minrb, alpha = s$alpha,
        lambda2 = s$lambda2, lambda6 = s$lambda6, mean_r = s$av.r, median_r = s$med.r),
      quantiles = setNames(unname(s$ci), c("0.025", "0.5", "0.975")),
      sorted = sort(s$raw)))
}
written_case <- function(id, R) {
  k <- ncol(R)
  r <- apply(combn(k, k %/% 2), 2, function(a) 4 * sum(R[a, -a]) / sum(R))
  case(id, "Split-half reliability, odd number of items",
    "apply(combn(k, (k - 1) / 2), 2, function(a) 4 * sum(R[a, -a]) / sum(R))",
    list(numbers = c(max = max(r), mean = mean(r), min = min(r)),
      quantiles = setNames(unname(quantile(r, c(.025, .5, .975))), c("0.025", "0.5", "0.975")),
      sorted = sort(r)))
}

bfi <- read_data("bfi.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
spi <- read_data("spi_trust.csv")
trust <- spi[c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
trust$q_871 <- 7 - trust$q_871
attitude <- read_data("attitude.csv")

even <- list(
  bfi_AC = bfi[paste0(rep(c("A", "C"), each = 5), 1:5)],
  bfi_A4 = bfi[paste0("A", 2:5)], spi_trust_4 = trust[1:4], attitude_6 = attitude[1:6])
for (id in names(even)) {
  x <- na.omit(even[[id]])
  split_case(paste0(id, "_std"), x, FALSE)
  split_case(paste0(id, "_raw"), x, TRUE)
}
split_case("bfi_AC_pairwise_std", even$bfi_AC, FALSE)
split_case("bfi_AC_pairwise_raw", even$bfi_AC, TRUE)
odd <- list(bfi_A = bfi[paste0("A", 1:5)], bfi_N = bfi[paste0("N", 1:5)], spi_trust = trust,
  attitude = attitude)
for (id in names(odd)) {
  x <- na.omit(odd[[id]])
  written_case(paste0(id, "_std"), cor(x))
  written_case(paste0(id, "_raw"), cov(x))
}
