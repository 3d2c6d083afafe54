# Writes ordinal_waves.csv: 700 persons, 3 waves, 4 items with 4 categories, one factor that moves
# up and spreads out. Persons keep something of their own in each item. At wave 3, item t3 has
# another second threshold and item t4 another loading.
#
#   Rscript tests/data/make_ordinal_waves.R

set.seed(20240611)
n <- 700
factors <- matrix(rnorm(n * 3), n) %*% chol(matrix(c(1, .6, .5, .6, 1, .6, .5, .6, 1), 3))
factors <- sweep(sweep(factors, 2, c(1, 1.1, 1.2), "*"), 2, c(0, .3, .5), "+")
own <- matrix(rnorm(n * 4), n)
cuts <- rbind(c(-1.2, .1, 1.3), c(-1.5, -.2, 1.0), c(-.8, .4, 1.6), c(-1.0, .2, 1.4))
loadings <- c(1.1, .9, 1.0, 1.3)
data <- data.frame(person = seq_len(n))
for (wave in 1:3) {
  for (item in 1:4) {
    loading <- loadings[item] - if (wave == 3 && item == 4) .35 else 0
    cut <- cuts[item, ] + if (wave == 3 && item == 3) c(0, .35, 0) else 0
    behind <- loading * factors[, wave] + .5 * own[, item] + sqrt(.75) * rnorm(n)
    data[[paste0("t", item, "_", wave)]] <- findInterval(behind, cut) + 1L
  }
}
here <- dirname(normalizePath(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))))
write.csv(data, file.path(here, "ordinal_waves.csv"), row.names = FALSE)
