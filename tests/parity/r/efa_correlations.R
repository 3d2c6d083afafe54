suppressMessages({
  library(psych)
  library(GPArotation)
  library(lavaan)
})
local({
  imports <- parent.env(asNamespace("psych"))
  unlockBinding("optim", imports)
  assign("optim", function(..., control) {
    stats::optim(..., control = c(control, list(factr = 10, maxit = 10000)))
  }, envir = imports)
})
spi <- read_data("spi_trust.csv")[, c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
bfi <- read_data("bfi.csv")[, 1:25]
write_case <- function(id, call, x, f, m) {
  factors <- paste0("F", seq_len(m))
  L <- unclass(f$loadings)
  dimnames(L) <- list(colnames(x), factors)
  Phi <- f$Phi
  dimnames(Phi) <- list(factors, factors)
  case(id, "Factor analysis of other correlations", call, list(
    loadings = L, phi = Phi, communalities = f$communality,
    chisq = f$STATISTIC, df = f$dof, rmsr = f$rms, rmsea = unname(f$RMSEA[1]), tli = f$TLI, bic = f$BIC
  ))
}
tight <- function(...) suppressWarnings(fa(..., eps = 1e-8, maxit = 5000))
write_case("bfi/5/spearman/listwise", 'fa(na.omit(bfi), 5, cor = "spearman", eps = 1e-8)', bfi, tight(na.omit(bfi), 5, cor = "spearman"), 5)
write_case("bfi/5/spearman/pairwise", 'fa(bfi, 5, cor = "spearman", eps = 1e-8)', bfi, tight(bfi, 5, cor = "spearman"), 5)
r <- unclass(lavCor(na.omit(spi), ordered = names(spi)))
write_case("spi_trust/2/polychoric/listwise", "r <- lavCor(na.omit(spi), ordered = names(spi)); fa(r, 2, n.obs = n, eps = 1e-8)", spi, tight(r, 2, n.obs = nrow(na.omit(spi))), 2)
r <- unclass(lavCor(na.omit(bfi)[, 1:10], ordered = names(bfi)[1:10]))
write_case("bfi10/2/polychoric/listwise", "r <- lavCor(na.omit(bfi)[, 1:10], ordered = TRUE); fa(r, 2, n.obs = n, eps = 1e-8)", bfi[, 1:10], tight(r, 2, n.obs = nrow(na.omit(bfi))), 2)
r <- cov2cor(lavInspect(suppressWarnings(lavaan(paste(outer(names(bfi)[1:10], names(bfi)[1:10], paste, sep = "~~")[upper.tri(diag(10), TRUE)], collapse = "\n"), bfi, missing = "fiml", meanstructure = TRUE, int.ov.free = TRUE)), "sampstat")$cov)
r <- unclass(r)[names(bfi)[1:10], names(bfi)[1:10]]
n <- sum(rowSums(!is.na(bfi[, 1:10])) > 0)
write_case("bfi10/2/pearson/fiml", 'r <- cov2cor(lavInspect(lavaan(saturated, bfi[, 1:10], missing = "fiml"), "sampstat")$cov); fa(r, 2, n.obs = n, eps = 1e-8)', bfi[, 1:10], tight(r, 2, n.obs = n), 2)
