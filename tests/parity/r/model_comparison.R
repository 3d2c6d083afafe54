suppressMessages({
  library(lavaan)
  library(semTools)
})

hs <- read_data("hs1939.csv")
bfi <- read_data("bfi.csv")
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
correlated <- paste0(three, "\nx7 ~~ x8\nx1 ~~ x4")
crossed <- paste0(three, "\nvisual =~ x9")
# lavaan's search reports a failure where it is asked for more than this.
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)
fit <- function(model, data = hs, ...) suppressWarnings(do.call("cfa", list(model, data = data, control = tight, ...)))

for (estimator in c("ML", "MLM", "MLR")) {
  free <- fit(three, group = "school", estimator = estimator)
  metric <- fit(three, group = "school", estimator = estimator, group.equal = "loadings")
  scalar <- fit(three, group = "school", estimator = estimator, group.equal = c("loadings", "intercepts"))
  for (method in if (estimator == "ML") "default" else c("satorra.bentler.2001", "satorra.bentler.2010")) {
    test <- suppressWarnings(lavTestLRT(free, metric, scalar, method = method))
    case(
      paste("groups", estimator, method, sep = "/"), "Comparison of models",
      sprintf('lavTestLRT(configural, metric, scalar, method = "%s")', method),
      list(
        aic = setNames(test[["AIC"]], c("configural", "metric", "scalar")),
        bic = setNames(test[["BIC"]], c("configural", "metric", "scalar")),
        chisq = setNames(test[["Chisq"]], c("configural", "metric", "scalar")),
        chisq_diff = setNames(test[["Chisq diff"]][2:3], c("metric", "scalar")),
        pvalue = setNames(test[["Pr(>Chisq)"]][2:3], c("metric", "scalar"))
      )
    )
  }
}

factors <- function(x) setNames(as.numeric(x), names(x))
describe <- function(id, model, shown, ...) {
  found <- fit(model, ...)
  case(
    id, "Composite reliability and variance extracted",
    sprintf("compRelSEM(fit); AVE(fit), fit <- cfa(%s)", shown),
    list(
      omega = factors(compRelSEM(found)), omega_implied = factors(compRelSEM(found, obs.var = FALSE)),
      ave = factors(AVE(found)), ave_implied = factors(AVE(found, obs.var = FALSE))
    )
  )
}
describe("reliability/ML", three, "model, data")
describe("reliability/correlated", correlated, "model, data")
describe("reliability/crossed", crossed, "model, data")
describe("reliability/std_lv/MLR", three, 'model, data, std.lv = TRUE, estimator = "MLR"', std.lv = TRUE, estimator = "MLR")
ordered <- "agree =~ A1 + A2 + A3 + A4 + A5\nextra =~ E1 + E2 + E3 + E4 + E5"
complete <- na.omit(bfi[c(paste0("A", 1:5), paste0("E", 1:5))])
describe("reliability/ordered", ordered, "model, data, ordered = TRUE", data = complete, ordered = TRUE)

for (case_of in list(list("ML", 0.9), list("ML", 0.5), list("MLR", 0.9))) {
  found <- suppressMessages(suppressWarnings(discriminantValidity(fit(three, estimator = case_of[[1]]), cutoff = case_of[[2]])))
  keys <- paste(found$lhs, found$rhs, sep = "|")
  case(
    sprintf("correlations/%s/%s", case_of[[1]], case_of[[2]]), "Latent correlations against a cut-off",
    sprintf("discriminantValidity(fit, cutoff = %s)", case_of[[2]]),
    list(
      correlation = setNames(found$est, keys), ci_low = setNames(found$ci.lower, keys),
      ci_high = setNames(found$ci.upper, keys), chisq_diff = setNames(found[["Chisq diff"]], keys),
      pvalue = setNames(found[["Pr(>Chisq)"]], keys)
    )
  )
}

one <- fit("g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9", meanstructure = TRUE)
three_fit <- fit(three, meanstructure = TRUE)
cross_fit <- fit(crossed, meanstructure = TRUE)
bifactor <- fit(paste0("g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9\n", three), orthogonal = TRUE, std.lv = TRUE, meanstructure = TRUE)
resid <- fit(paste0(three, "\nx7 ~~ x8"), meanstructure = TRUE)
nests <- suppressWarnings(net(one = one, three = three_fit, crossed = cross_fit, resid = resid))
square <- nests@test * 1
names <- sub(" .*", "", rownames(square))
dimnames(square) <- list(names, names)
case("nesting", "Nesting of models", "net(one, three, crossed, resid)", list(nested = square))

# Refits to resamples by a rule that any language can repeat.
start <- fit(three)
rows <- function(r) ((seq_len(nrow(hs)) * (2 * r + 1) + (seq_len(nrow(hs)) %/% 3) * r) %% nrow(hs)) + 1
coefs <- sapply(1:6, function(r) coef(fit(three, data = hs[rows(r), ])))
colnames(coefs) <- 1:6
case("refits", "Fits to resamples", "coef(cfa(model, data[rows, ]))", list(coefficients = coefs))
