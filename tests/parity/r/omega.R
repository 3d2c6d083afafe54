suppressMessages({library(lavaan); library(semTools)})

# One-factor ML model: loadings, omega with delta-method interval, fit; semTools' two omegas.
omega_case <- function(id, call, x) {
  k <- ncol(x)
  model <- paste0(
    "f =~ ", paste0("l", 1:k, "*", names(x), collapse = " + "), "\n",
    paste0(names(x), " ~~ t", 1:k, "*", names(x), collapse = "\n"), "\n",
    "omega := (", paste0("l", 1:k, collapse = "+"), ")^2 / ((", paste0("l", 1:k, collapse = "+"),
    ")^2 + ", paste0("t", 1:k, collapse = "+"), ")"
  )
  # Gauss-Newton goes on to where nlminb stops a millionth short.
  fit <- suppressWarnings(cfa(model, x, std.lv = TRUE, optim.method = "GN", optim.gn.tol.x = 1e-12,
                              optim.gn.iter.max = 2000))
  p <- parameterEstimates(fit)
  row <- p[p$label == "omega", ]
  s <- standardizedSolution(fit)
  loadings <- data.frame(
    loading = p$est[p$op == "=~"], std_loading = s$est.std[s$op == "=~"],
    uniqueness = p$est[p$op == "~~"][1:k], row.names = names(x)
  )
  l <- s$est.std[s$op == "=~"]
  f <- fitMeasures(fit)
  case(id, "Omega, one factor", call, list(
    omega = c(omega_total = row$est, se = row$se, ci_low = row$ci.lower, ci_high = row$ci.upper),
    comp_rel = c(
      omega_total = unname(compRelSEM(fit, obs.var = FALSE)),
      omega_observed = unname(compRelSEM(fit))
    ),
    standardized = sum(l)^2 / (sum(l)^2 + sum(1 - l^2)),
    loadings = loadings,
    fit = c(chisq = unname(f["chisq"]), df = unname(f["df"]), pvalue = unname(f["pvalue"]))
  ))
}

bfi <- read_data("bfi.csv")
spi <- read_data("spi_trust.csv")
hs <- read_data("hs1939.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
trust <- spi[c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
trust$q_871 <- 7 - trust$q_871

call <- "cfa('f =~ ...; omega := (sum l)^2 / ((sum l)^2 + sum t)', x, std.lv = TRUE, optim.method = 'GN'); compRelSEM(fit, obs.var = FALSE); compRelSEM(fit)  # %s"
for (letter in c("A", "C", "E", "N", "O")) {
  omega_case(paste0("bfi_", letter), sprintf(call, paste("bfi", letter)), bfi[paste0(letter, 1:5)])
}
omega_case("spi_trust", sprintf(call, "spi trust, q_871 as 7 - x"), trust)
omega_case("hs1939_verbal", sprintf(call, "hs1939, x4 to x6: just identified"), hs[paste0("x", 4:6)])
omega_case("hs1939_all", sprintf(call, "hs1939, x1 to x9: one factor fits badly"), hs[paste0("x", 1:9)])
