# Needs Rcsdp (Debian: r-cran-rcsdp), which psych uses to solve the semidefinite program.
suppressWarnings(library(psych))
stopifnot(requireNamespace("Rcsdp", quietly = TRUE))

glb_case <- function(id, call, C) {
  g <- glb.algebraic(C)
  case(id, "Greatest lower bound", call,
    list(glb = g$glb, common = g$solution / diag(C)))
}
bfi <- read_data("bfi.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
spi <- read_data("spi_trust.csv")
trust <- spi[c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
trust$q_871 <- 7 - trust$q_871
sets <- list()
for (scale in c("A", "C", "E", "N", "O")) sets[[paste0("bfi_", scale)]] <- bfi[paste0(scale, 1:5)]
sets$bfi_AC <- bfi[paste0(rep(c("A", "C"), each = 5), 1:5)]
sets$bfi_25 <- bfi[1:25]
sets$spi_trust <- trust
sets$attitude <- read_data("attitude.csv")
for (id in names(sets)) {
  x <- na.omit(sets[[id]])
  glb_case(id, "psych::glb.algebraic(cov(na.omit(x)))", cov(x))
  glb_case(paste0(id, "_std"), "psych::glb.algebraic(cor(na.omit(x)))", cor(x))
}
