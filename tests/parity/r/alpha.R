library(psych)

# Every cell of psych::alpha: totals, what happens without each item, item statistics, Feldt.
alpha_case <- function(id, call, x, ...) {
  a <- suppressWarnings({capture.output(out <- alpha(x, ...)); out})
  total <- unlist(a$total)
  names(total) <- names(a$total)
  lower <- unlist(a$feldt$lower.ci); upper <- unlist(a$feldt$upper.ci)
  values <- list(
    total = total,
    feldt = c(ci_low = unname(lower), ci_high = unname(upper)),
    item_stats = a$item.stats
  )
  if (ncol(x) > 2) values$alpha_drop <- a$alpha.drop
  case(id, "Coefficient alpha and item statistics", call, values)
}

bfi <- read_data("bfi.csv")
spi <- read_data("spi_trust.csv")
hs <- read_data("hs1939.csv")

keyed <- list(
  agree = c("A1", "A2", "A3", "A4", "A5"), conscientious = paste0("C", 1:5),
  extraversion = paste0("E", 1:5), neuroticism = paste0("N", 1:5), openness = paste0("O", 1:5)
)
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
flipped <- bfi
flipped[reverse] <- 7 - flipped[reverse]

for (scale in names(keyed)) {
  x <- flipped[keyed[[scale]]]
  alpha_case(paste0("bfi_", scale, "_listwise"),
    sprintf("psych::alpha(na.omit(x))  # bfi, %s, reversed items as 7 - x", scale), na.omit(x))
  alpha_case(paste0("bfi_", scale, "_pairwise"),
    sprintf("psych::alpha(x)  # bfi, %s, reversed items as 7 - x; pairwise", scale), x)
}
x <- flipped[unlist(keyed)]
alpha_case("bfi_all_listwise", "psych::alpha(na.omit(x))  # bfi, all 25 items", na.omit(x))
alpha_case("bfi_all_pairwise", "psych::alpha(x)  # bfi, all 25 items; pairwise", x)
alpha_case("bfi_unkeyed_pairwise", "psych::alpha(bfi[1:5])  # A1 not reversed", bfi[1:5])
alpha_case("bfi_two_items", "psych::alpha(na.omit(bfi[c('N1', 'N2')]))", na.omit(bfi[c("N1", "N2")]))
alpha_case("bfi_three_items", "psych::alpha(na.omit(bfi[c('N1', 'N2', 'N3')]))", na.omit(bfi[c("N1", "N2", "N3")]))

trust <- spi[c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
trust$q_871 <- 7 - trust$q_871
alpha_case("spi_trust", "psych::alpha(x)  # spi trust, q_871 as 7 - x", trust)
alpha_case("hs1939", "psych::alpha(hs[paste0('x', 1:9)])", hs[paste0("x", 1:9)])

# The other intervals, written out: no installed package has Bonett's.
a <- alpha(trust)$total
k <- 5; n <- nrow(trust); z <- qnorm(.975)
case("spi_trust_intervals", "Other intervals of alpha",
  "1 - exp(log(1 - alpha) +/- z * sqrt(2 * k / ((k - 1) * (n - 2)))); alpha +/- z * ase",
  list(
    bonett = c(ci_low = 1 - exp(log(1 - a$raw_alpha) + z * sqrt(2 * k / ((k - 1) * (n - 2)))),
               ci_high = 1 - exp(log(1 - a$raw_alpha) - z * sqrt(2 * k / ((k - 1) * (n - 2))))),
    asymptotic = c(ci_low = a$raw_alpha - z * a$ase, ci_high = a$raw_alpha + z * a$ase)
  ))
