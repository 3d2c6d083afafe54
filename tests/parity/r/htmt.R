suppressMessages({library(lavaan); library(semTools)})

# Ratios of absolute correlations, with arithmetic (HTMT) and geometric means (HTMT2).
htmt_case <- function(id, what, x, scales, ...) {
  model <- paste(sapply(names(scales), function(f) paste(f, "=~", paste(scales[[f]], collapse = " + "))),
                 collapse = "\n")
  x <- x[unlist(scales)]
  ratio <- function(htmt2) {
    r <- suppressWarnings(htmt(model, data = if (is.null(list(...)$sample.cov)) x, absolute = TRUE, htmt2 = htmt2, ...))
    matrix(as.numeric(r), nrow(r), dimnames = list(names(scales), names(scales)))
  }
  case(id, "Heterotrait-monotrait ratio", sprintf("semTools::htmt(model, x, absolute = TRUE, htmt2 = FALSE or TRUE%s)", what),
       list(htmt = ratio(FALSE), htmt2 = ratio(TRUE)))
}

hs <- read_data("hs1939.csv")
bfi <- read_data("bfi.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
three <- list(visual = paste0("x", 1:3), textual = paste0("x", 4:6), speed = paste0("x", 7:9))
five <- lapply(setNames(c("A", "C", "E", "N", "O"), c("A", "C", "E", "N", "O")), function(l) paste0(l, 1:5))

htmt_case("hs1939", "", hs, three)
htmt_case("bfi_listwise", ")  # bfi", bfi, five)
# lavCor(missing = "pairwise") takes variances from all who answered; cor() from those who answered both.
htmt_case("bfi_pairwise", ", sample.cov = cor(x, use = 'pairwise'))  # bfi", bfi, five,
          sample.cov = cor(bfi[unlist(five)], use = "pairwise"))
htmt_case("bfi_ordered", ", ordered = names(x))  # bfi, complete rows", na.omit(bfi[unlist(five)]), five,
          ordered = unlist(five))
holes <- hs
for (j in 1:9) holes[[paste0("x", j)]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
htmt_case("hs1939_fiml", ", missing = 'fiml')  # hs1939 with holes", holes, three, missing = "fiml")

# Intervals of given replicates: percentiles, and Efron's BCa with the jackknife's acceleration.
bca <- function(t0, t, left, level) {
  a <- sum((mean(left) - left)^3) / (6 * sum((mean(left) - left)^2)^1.5)
  z0 <- qnorm(mean(t < t0))
  z <- z0 + qnorm(c((1 - level) / 2, (1 + level) / 2))
  unname(quantile(t, pnorm(z0 + z / (1 - a * z))))
}
t <- qgamma(ppoints(999), 3)
left <- qgamma(ppoints(80), 2) / 10
case("bca", "Bootstrap intervals", "quantile(t, c(.025, .975)); BCa of Efron (1987)  # t <- qgamma(ppoints(999), 3)",
     list(replicates = t, left_out = left, percentile = unname(quantile(t, c(.025, .975))), bca = bca(2.4, t, left, .95),
          bca_90 = bca(3.1, t, left, .90)))
