suppressMessages(suppressWarnings({library(psych); library(lavaan)}))

bfi <- read_data("bfi.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
spi <- read_data("spi_trust.csv")
trust <- spi[c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
trust$q_871 <- 7 - trust$q_871

one_row <- function(x) {
  x <- na.omit(x)
  capture.output(a <- suppressMessages(suppressWarnings(alpha(x))))
  v <- names(x)
  model <- paste0("f =~ ", paste0("l", seq_along(v), "*", v, collapse = " + "), "\n",
    paste0(v, " ~~ t", seq_along(v), "*", v, collapse = "\n"), "\n",
    "omega := (", paste0("l", seq_along(v), collapse = " + "), ")^2 / ((",
    paste0("l", seq_along(v), collapse = " + "), ")^2 + ", paste0("t", seq_along(v), collapse = " + "), ")")
  e <- parameterEstimates(cfa(model, x, std.lv = TRUE)); e <- e[e$lhs == "omega", ]
  c(n = nrow(x), alpha = a$total$raw_alpha, ci_low = unlist(a$feldt$lower.ci)[[1]],
    ci_high = unlist(a$feldt$upper.ci)[[1]], se = a$total$ase, omega = e$est,
    omega_ci_low = e$ci.lower, omega_ci_high = e$ci.upper)
}
# metafor (measure "AHW") and cocron are not among Debian's packages: written out.
hakstian_whalen <- function(alpha, n, k) {
  u <- (1 - alpha)^(1 / 3)
  v <- 18 * k * (n - 1) * u^2 / ((k - 1) * (9 * n - 11)^2)
  m <- sum((u - sum(u / v) / sum(1 / v))^2 / v)
  c(chisq = m, df = length(alpha) - 1, pvalue = pchisq(m, length(alpha) - 1, lower.tail = FALSE))
}
feldt_dependent <- function(alpha, n, k, r) {
  nt <- n * (k - 1) / (k + 1)
  u <- (1 - alpha)^(-1 / 3)
  S <- 2 * r^2 * outer(u, u) / (9 * (nt - 1)); diag(S) <- 2 * u^2 / (9 * (nt - 1))
  x <- sum((u - mean(u))^2) / (mean(diag(S)) - mean(S[upper.tri(S)]))
  c(chisq = x, df = length(alpha) - 1, pvalue = pchisq(x, length(alpha) - 1, lower.tail = FALSE))
}
by_case <- function(id, x, g) {
  rows <- t(sapply(split(x, g), one_row))
  case(id, "Reliability by group", "psych::alpha(x); lavaan::cfa(...); sum((u - mean_u)^2 / v)",
    list(table = rows, test = hakstian_whalen(rows[, "alpha"], rows[, "n"], ncol(x))))
}
bfi$schooling <- paste0("e", bfi$education)
by_case("bfi_A_gender", bfi[paste0("A", 1:5)], paste0("g", bfi$gender))
by_case("bfi_N_education", bfi[bfi$schooling != "eNA", paste0("N", 1:5)], bfi$schooling[bfi$schooling != "eNA"])

# The same persons twice: agreeableness and conscientiousness in the place of two waves.
both <- na.omit(bfi[1:10])
x <- both[1:5]; y <- setNames(both[6:10], names(x))
rows <- rbind(w1 = one_row(x), w2 = one_row(y))
r <- matrix(1, 2, 2); r[1, 2] <- r[2, 1] <- cor(rowSums(x), rowSums(y))
case("bfi_waves", "Reliability by wave", "psych::alpha(x); lavaan::cfa(...); Feldt, Woodruff & Salih (1987)",
  list(table = rows, test = feldt_dependent(rows[, "alpha"], nrow(x), 5, r)))
