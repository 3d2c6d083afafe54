suppressWarnings(library(psych))

bfi <- read_data("bfi.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
spi <- read_data("spi_trust.csv")
trust <- spi[c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
trust$q_871 <- 7 - trust$q_871
attitude <- read_data("attitude.csv")

# No installed package has these, so they are written out from their definitions.
error_case <- function(id, x) {
  x <- na.omit(x)
  capture.output(a <- suppressWarnings(alpha(x)))
  alpha <- a$total$raw_alpha
  lower <- unlist(a$feldt$lower.ci)[[1]]; upper <- unlist(a$feldt$upper.ci)[[1]]
  s <- sd(rowMeans(x)); z <- qnorm(.975)
  sem <- s * sqrt(1 - alpha)
  case(id, "Error of measurement", "sd(rowMeans(x)) * sqrt(1 - psych::alpha(x)$total$raw_alpha)",
    list(error = c(sem = sem, sdc = z * sqrt(2) * sem, ci_half_width = z * sem,
      sem_ci_low = s * sqrt(1 - upper), sem_ci_high = s * sqrt(1 - lower), sd = s,
      reliability = alpha)))
}
conditional_case <- function(id, x) {
  x <- as.matrix(na.omit(x)); k <- ncol(x)
  total <- rowSums(x)
  table_of <- function(e) {
    smooth <- fitted(lm(e ~ total + I(total^2)))
    rows <- sort(unique(total))
    at <- match(rows, total)
    list(n = as.vector(table(total)), sem = sqrt(as.vector(tapply(e, total, mean))) / k,
      sem_smooth = sqrt(pmax(unname(smooth[at]), 0)) / k)
  }
  d <- sweep(sweep(x, 2, colMeans(x)), 1, rowMeans(x) - mean(x))
  difference <- k / (k - 1) * rowSums(d^2)
  multinomial <- k / (k - 1) * rowSums((x - rowMeans(x))^2)
  case(id, "Conditional error of measurement",
    "tapply(k / (k - 1) * rowSums((x_pi - x_.i - x_p. + x_..)^2), rowSums(x), mean)",
    c(setNames(table_of(difference), paste0("difference_", c("n", "sem", "sem_smooth"))),
      setNames(table_of(multinomial), paste0("multinomial_", c("n", "sem", "sem_smooth")))))
}
for (scale in c("A", "N")) {
  error_case(paste0("bfi_", scale), bfi[paste0(scale, 1:5)])
  conditional_case(paste0("bfi_", scale, "_at_scores"), bfi[paste0(scale, 1:5)])
}
error_case("spi_trust", trust)
conditional_case("spi_trust_at_scores", trust)
error_case("attitude", attitude)
