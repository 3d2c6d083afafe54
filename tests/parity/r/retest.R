library(psych)

retest_case <- function(id, before, after) {
  ok <- complete.cases(before, after); x <- before[ok]; y <- after[ok]
  i <- ICC(data.frame(x, y), lmer = FALSE)
  m <- i$results; ms <- i$stats[3, ]; n <- length(x)
  r <- cor.test(x, y); t <- t.test(y, x, paired = TRUE)
  d <- y - x; s <- sd(d); z <- qnorm(.975); q <- qt(.975, n - 1)
  edge <- q * s * sqrt(1 / n + z^2 / (2 * (n - 1)))
  row <- function(e, l, u) c(e, l, u)
  table <- rbind(
    icc_agreement = unlist(m[2, c("ICC", "lower bound", "upper bound")]),
    icc_consistency = unlist(m[3, c("ICC", "lower bound", "upper bound")]),
    pearson = c(r$estimate, r$conf.int), bias = c(mean(d), t$conf.int),
    loa_low = mean(d) - z * s + c(0, -edge, edge), loa_high = mean(d) + z * s + c(0, -edge, edge))
  colnames(table) <- c("estimate", "ci_low", "ci_high")
  occasions <- max((ms[["Judges"]] - ms[["Residual"]]) / n, 0)
  sem <- sqrt(occasions + ms[["Residual"]])
  case(id, "Test-retest reliability",
    "psych::ICC(cbind(x, y), lmer = FALSE); cor.test(x, y); t.test(y, x, paired = TRUE)",
    list(table = table, numbers = c(sem = sem, sdc = z * sqrt(2) * sem,
      sem_consistency = s / sqrt(2), sdc_consistency = z * s, sd_difference = s)))
}
attitude <- read_data("attitude.csv")
bfi <- read_data("bfi.csv")
sf <- read_data("ratings.csv")
retest_case("attitude", attitude$rating, attitude$complaints)
retest_case("bfi", bfi$N1, bfi$N2)
retest_case("judges", sf$judge1, sf$judge4)
