suppressMessages(suppressWarnings({library(psych); library(lavaan)}))

bfi <- read_data("bfi.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
spi <- read_data("spi_trust.csv")
trust <- spi[c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
trust$q_871 <- 7 - trust$q_871
attitude <- read_data("attitude.csv")

table_case <- function(id, x) {
  x <- na.omit(x); C <- cov(x); k <- ncol(x); n <- nrow(x)
  capture.output(a <- suppressMessages(suppressWarnings(alpha(x))))
  v <- names(x)
  free <- paste0("f =~ ", paste0("l", seq_along(v), "*", v, collapse = " + "), "\n",
    paste0(v, " ~~ t", seq_along(v), "*", v, collapse = "\n"), "\n",
    "omega := (", paste0("l", seq_along(v), collapse = " + "), ")^2 / ((",
    paste0("l", seq_along(v), collapse = " + "), ")^2 + ", paste0("t", seq_along(v), collapse = " + "), ")")
  f1 <- cfa(free, x, std.lv = TRUE)
  f0 <- cfa(paste0("f =~ ", paste0("l*", v, collapse = " + ")), x, std.lv = TRUE)
  e <- parameterEstimates(f1); e <- e[e$lhs == "omega", ]
  m <- fitMeasures(f1, c("rmsea", "cfi", "srmr")); t <- lavTestLRT(f1, f0)
  off <- C; diag(off) <- 0; V <- sum(C); l1 <- 1 - sum(diag(C)) / V
  halves <- apply(combn(k, k %/% 2), 2, function(s) 4 * sum(C[s, -s]) / V)
  s <- sd(rowMeans(x))
  case(id, "Reliability table",
    "psych::alpha(x); lavaan::cfa(...), fitMeasures, lavTestLRT; definitions for the rest",
    list(closed = c(n = n, n_items = k, mean = mean(rowMeans(x)), sd = s,
        alpha = a$total$raw_alpha, alpha_ci_low = unlist(a$feldt$lower.ci)[[1]],
        alpha_ci_high = unlist(a$feldt$upper.ci)[[1]], alpha_std = a$total$std.alpha,
        min_r_drop = min(a$item.stats$r.drop), lambda2 = l1 + sqrt(k / (k - 1) * sum(off^2)) / V,
        lambda6 = 1 - sum(1 / diag(solve(C))) / V, split_max = max(halves),
        split_mean = mean(halves), split_min = min(halves), sem = s * sqrt(1 - a$total$raw_alpha),
        tau_df = t[2, "Df diff"]),
      model = c(omega = e$est, omega_ci_low = e$ci.lower, omega_ci_high = e$ci.upper,
        rmsea = m[["rmsea"]], cfi = m[["cfi"]], srmr = m[["srmr"]]),
      test = c(tau_chisq = t[2, "Chisq diff"], tau_pvalue = t[2, "Pr(>Chisq)"])))
}
for (scale in c("A", "C", "E", "N", "O")) table_case(paste0("bfi_", scale), bfi[paste0(scale, 1:5)])
# Items of two scales at once are left out: their one-factor likelihood has two maxima, and
# lavaan stops at the lower one.
table_case("spi_trust", trust)
table_case("attitude", attitude)
