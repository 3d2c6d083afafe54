suppressMessages({library(psych); library(lavaan); library(semTools)})

# Ordinal alpha: psych::alpha of lavaan's polychoric correlations (psych's own search stops at
# 1e-4). Categorical omega: semTools on one-factor WLSMV and ULSMV models, loadings besides.
# semTools rounds nothing, but its bivariate probabilities come from pmvnorm, good to 1e-15 for
# two variables.
omegas <- function(x, estimator) {
  model <- paste("f =~", paste(names(x), collapse = " + "))
  fit <- cfa(model, x, ordered = names(x), std.lv = TRUE, estimator = estimator,
             control = list(rel.tol = 1e-15, x.tol = 1e-14, iter.max = 10000, eval.max = 20000))
  loadings <- inspect(fit, "est")$lambda[, "f"]
  list(
    loadings = setNames(as.numeric(loadings), names(x)),
    omega = c(
      estimate = as.numeric(unclass(compRelSEM(fit, obs.var = FALSE))),
      observed = as.numeric(unclass(compRelSEM(fit)))
    ),
    reliability = suppressMessages(reliability(fit))[c("alpha.ord", "omega", "omega3"), "f"]
  )
}
both <- function(id, x) {
  x <- na.omit(x)
  R <- unclass(lavCor(x, ordered = names(x)))
  class(R) <- "matrix"
  # Asymptotic standard error of alpha: the delta method on the covariances of all correlations.
  # (vcov() of the saturated model holds their variances only.)
  V <- lavInspect(lavCor(x, ordered = names(x), se = "standard", output = "fit"), "gamma")
  r <- grepl("~~", rownames(V), fixed = TRUE)
  k <- ncol(x)
  se <- k^2 / ((k - 1) * sum(R)^2) * 2 * sqrt(sum(V[r, r]) / (nrow(x) - 1))
  a <- suppressWarnings(psych::alpha(R, check.keys = FALSE))
  items <- cbind(a$item.stats[, c("r", "r.cor", "r.drop")], a$alpha.drop[, c("raw_alpha", "G6(smc)", "average_r", "med.r")])
  case(
    paste0(id, "/alpha"), "Ordinal alpha",
    sprintf("psych::alpha(lavCor(na.omit(%s), ordered = names(x)))", id),
    list(
      total = c(estimate = a$total$raw_alpha, lambda6 = a$total[["G6(smc)"]], mean_r = a$total$average_r, median_r = a$total$median_r),
      items = items, correlation = R, se = se
    )
  )
  for (estimator in c("WLSMV", "ULSMV")) {
    case(
      paste0(id, "/", estimator), "Categorical omega",
      sprintf("fit <- cfa('f =~ ...', na.omit(%s), ordered = names(x), std.lv = TRUE, estimator = '%s'); compRelSEM(fit, obs.var = FALSE); compRelSEM(fit); reliability(fit)", id, estimator),
      omegas(x, estimator)
    )
  }
}

bfi <- read_data("bfi.csv")
spi <- read_data("spi_trust.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
trust <- spi[c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
trust$q_871 <- 7 - trust$q_871

for (letter in c("A", "C", "E", "N", "O")) both(paste0("bfi_", letter), bfi[paste0(letter, 1:5)])
both("spi_trust", trust)
both("bfi_25", bfi[1:25])
# Unequal numbers of categories.
mixed <- bfi[paste0("C", 1:5)]
mixed$C1 <- ifelse(mixed$C1 > 4, 1, 0)
mixed$C3 <- pmin(mixed$C3, 4)
both("bfi_C_mixed", mixed)
