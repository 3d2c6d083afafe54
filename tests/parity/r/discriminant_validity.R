suppressMessages({library(lavaan); library(semTools)})

hs <- read_data("hs1939.csv")
bfi <- read_data("bfi.csv")
holes <- hs
for (j in 1:9) {
  name <- paste0("x", j)
  holes[[name]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
}
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
big <- "agree =~ A1 + A2 + A3 + A4 + A5\nopen =~ O1 + O2 + O3 + O4 + O5\nneuro =~ N1 + N2 + N3 + N4 + N5"
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)

told <- function(id, call, cutoff, ...) {
  fit <- suppressWarnings(do.call("cfa", list(..., std.lv = TRUE, control = tight)))
  found <- suppressMessages(suppressWarnings(discriminantValidity(fit, cutoff = cutoff)))
  table <- cbind(correlation = found$est, ci_low = found$ci.lower, ci_high = found$ci.upper,
    chisq_diff = found[["Chisq diff"]], pvalue = found[["Pr(>Chisq)"]])
  rownames(table) <- paste(found$lhs, found$rhs)
  case(id, "Latent correlations against a cut-off", sprintf("discriminantValidity(cfa(model, %s), cutoff = %s)", call, cutoff), list(table = table))
}
told("fiml ML", 'holes, missing = "fiml"', .85, three, holes, missing = "fiml")
told("fiml MLR", 'holes, missing = "fiml", estimator = "MLR"', .6, three, holes, missing = "fiml", estimator = "MLR")
complete <- na.omit(bfi[grep("^[AON]", names(bfi))])
told("WLSMV", "bfi, ordered = TRUE", .5, big, complete, ordered = TRUE)
told("WLSM", 'bfi, ordered = TRUE, estimator = "WLSM", parameterization = "theta"', .4, big, complete, ordered = TRUE, estimator = "WLSM", parameterization = "theta")
