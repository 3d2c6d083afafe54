suppressMessages({
  library(psych)
  library(lavaan)
})

bfi <- read_data("bfi.csv")[, 1:25]
spi <- read_data("spi_trust.csv")[, c("q_1855", "q_4289", "q_377", "q_379", "q_871")]

# lavaan's two-step estimates, tightly converged, with thresholds and Muthén's standard errors.
two_step <- function(id, x, call) {
  x <- na.omit(x)
  est <- lavCor(x, ordered = names(x), output = "est", se = "standard")
  pairs <- est[est$op == "~~" & est$lhs != est$rhs, ]
  se <- matrix(0, ncol(x), ncol(x), dimnames = list(names(x), names(x)))
  se[cbind(pairs$lhs, pairs$rhs)] <- pairs$se
  se[cbind(pairs$rhs, pairs$lhs)] <- pairs$se
  cuts <- est[est$op == "|", ]
  case(
    id, "Polychoric correlations", call,
    list(
      correlation = unclass(lavCor(x, ordered = names(x))), se = se,
      thresholds = setNames(cuts$est.std, paste(cuts$lhs, sub("t", "", cuts$rhs), sep = "|"))
    )
  )
}
two_step("bfi/lavaan", bfi, "lavCor(na.omit(bfi), ordered = names(bfi)); se = \"standard\"")
two_step("spi_trust/lavaan", spi, "lavCor(na.omit(spi), ordered = names(spi)); se = \"standard\"")
yes <- as.data.frame((na.omit(bfi) > 3) + 0)[, c(2:5, 12:15)]
two_step("bfi_two/lavaan", yes, "lavCor(bfi > 3, ordered = names(bfi)); se = \"standard\"")

# psych: its search stops within 1e-4 of the maximum.
thresholds_of <- function(tau) {
  k <- ncol(tau)
  setNames(as.vector(t(tau)), paste(rep(rownames(tau), each = k), rep(1:k, nrow(tau)), sep = "|"))
}
for (global in c(TRUE, FALSE)) {
  found <- suppressWarnings(polychoric(bfi, global = global))
  case(
    paste0("bfi/psych_", if (global) "global" else "pairwise"), "Polychoric correlations",
    sprintf("polychoric(bfi, global = %s)", global),
    list(correlation = found$rho, thresholds = thresholds_of(found$tau))
  )
}
# Few persons and rare answers: tables with empty cells, filled with half a person.
rare <- as.data.frame((na.omit(bfi)[1:60, c(2:5, 12:15)] > 5) + 0)
for (global in c(TRUE, FALSE)) {
  found <- suppressWarnings(tetrachoric(rare, global = global, smooth = FALSE))
  case(
    paste0("bfi_rare/psych_", if (global) "global" else "pairwise"), "Tetrachoric correlations",
    sprintf("tetrachoric(bfi[1:60, ] > 5, global = %s, smooth = FALSE)", global),
    list(
      correlation = found$rho, thresholds = setNames(found$tau, paste0(names(found$tau), "|1"))
    )
  )
}
found <- tetrachoric(yes, correct = 0)
case(
  "bfi_two/psych", "Tetrachoric correlations", "tetrachoric(bfi > 3, correct = 0)",
  list(correlation = found$rho, thresholds = setNames(found$tau, paste0(names(found$tau), "|1")))
)
