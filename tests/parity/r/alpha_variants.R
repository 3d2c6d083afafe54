suppressMessages(suppressWarnings({library(psych); library(lavaan)}))

bfi <- read_data("bfi.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
spi <- read_data("spi_trust.csv")
trust <- spi[c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
trust$q_871 <- 7 - trust$q_871
attitude <- read_data("attitude.csv")

# From covariances: psych's `r` is the correlation with the sum of standardised items.
cov_case <- function(id, C, n) {
  capture.output(a <- suppressWarnings(suppressMessages(alpha(C, n.obs = n))))
  total <- unlist(a$total); names(total) <- names(a$total)
  R <- cov2cor(C)
  capture.output(b <- suppressWarnings(suppressMessages(alpha(R, n.obs = n))))
  case(id, "Coefficient alpha from covariances", "psych::alpha(C, n.obs = n); r.drop of cov2cor(C)",
    list(total = total, alpha_drop = a$alpha.drop, item_stats = a$item.stats[c("r", "r.cor")],
      r_drop = setNames(b$item.stats$r.drop, rownames(b$item.stats)), std_alpha = b$total$raw_alpha))
}
cov_case("attitude_cov", cov(attitude), nrow(attitude))
cov_case("bfi_A_cov", cov(na.omit(bfi[1:5])), nrow(na.omit(bfi[1:5])))
cov_case("spi_trust_cov", cov(trust), nrow(trust))

# Alpha under missing answers: three treatments.
missing_case <- function(id, x) {
  quiet <- function(e) {capture.output(out <- suppressWarnings(suppressMessages(e))); out}
  l <- quiet(alpha(na.omit(x))); p <- quiet(alpha(x))
  C <- lavCor(x, missing = "ml", output = "cov")
  k <- ncol(C)
  case(id, "Alpha under missing answers",
    "psych::alpha(na.omit(x)); psych::alpha(x); lavaan::lavCor(x, missing = 'ml', output = 'cov')",
    list(listwise = c(alpha = l$total$raw_alpha, ci_low = unlist(l$feldt$lower.ci)[[1]],
           ci_high = unlist(l$feldt$upper.ci)[[1]]),
         pairwise = c(alpha = p$total$raw_alpha, ci_low = unlist(p$feldt$lower.ci)[[1]],
           ci_high = unlist(p$feldt$upper.ci)[[1]]),
         fiml = k / (k - 1) * (1 - sum(diag(C)) / sum(C))))
}
for (scale in c("A", "C", "E", "N", "O"))
  missing_case(paste0("bfi_", scale, "_missing"), bfi[paste0(scale, 1:5)])
