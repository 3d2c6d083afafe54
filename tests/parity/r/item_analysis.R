library(psych)

# Descriptives of psych::describe, item statistics of psych::alpha, and shares at the ends.
items_case <- function(id, call, x, low, high) {
  d <- describe(x)
  capture.output(pairwise <- suppressWarnings(alpha(x)))
  capture.output(listwise <- suppressWarnings(alpha(na.omit(x))))
  scale_columns <- function(a) data.frame(
    raw_r = a$item.stats$raw.r, r_cor = a$item.stats$r.cor, r_drop = a$item.stats$r.drop,
    alpha_drop = a$alpha.drop$raw_alpha, row.names = names(x)
  )
  case(id, "Item analysis", call, list(
    describe = data.frame(
      n = d$n, missing = colSums(is.na(x)), mean = d$mean, sd = d$sd, skew = d$skew,
      kurtosis = d$kurtosis, min = d$min, max = d$max, row.names = names(x)
    ),
    ends = data.frame(
      floor = colMeans(x == low, na.rm = TRUE), ceiling = colMeans(x == high, na.rm = TRUE),
      row.names = names(x)
    ),
    listwise = scale_columns(listwise),
    pairwise = scale_columns(pairwise)
  ))
}

bfi <- read_data("bfi.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
trust <- read_data("spi_trust.csv")[c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
trust$q_871 <- 7 - trust$q_871
hs <- read_data("hs1939.csv")[paste0("x", 1:9)]

call <- "psych::describe(x); psych::alpha(na.omit(x)); psych::alpha(x); colMeans(x == 1, na.rm = TRUE)  # %s"
for (letter in c("A", "C", "E", "N", "O")) {
  items_case(paste0("bfi_", letter), sprintf(call, paste("bfi", letter)), bfi[paste0(letter, 1:5)], 1, 6)
}
items_case("spi_trust", sprintf(call, "spi trust, q_871 as 7 - x"), trust, 1, 6)
items_case("hs1939", sprintf(call, "hs1939, observed ends"), hs,
  matrix(sapply(hs, min), nrow(hs), 9, byrow = TRUE), matrix(sapply(hs, max), nrow(hs), 9, byrow = TRUE))
