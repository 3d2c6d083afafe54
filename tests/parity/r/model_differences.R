suppressMessages(library(lavaan))

# Adjusted differences between nested models: Satorra's (2000) method, for each kind of statistic.
hs <- read_data("hs1939.csv")
bfi <- read_data("bfi.csv")
items <- c(paste0("A", 1:5), paste0("C", 1:5))
bfi <- head(bfi[complete.cases(bfi[c(items, "gender")]), ], 900)
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
two <- "A =~ A2 + A3 + A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5"
mixed <- "visual =~ x1 + x2 + x3\nvisual ~ x4 + x5\nx9 ~ visual + x4"
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)

differ <- function(id, fits, method = "default", A.method = "delta", shifted = TRUE) {
  args <- c(unname(fits), list(method = method, A.method = A.method, scaled.shifted = shifted))
  test <- suppressWarnings(do.call(lavTestLRT, args))
  later <- names(fits)[-1]
  case(
    paste(id, method, A.method, if (shifted) "shifted" else "plain", sep = "/"), "Comparison of models",
    sprintf(
      "lavTestLRT(%s, method = '%s', A.method = '%s', scaled.shifted = %s)  # %s",
      paste(names(fits), collapse = ", "), method, A.method, shifted, id
    ),
    list(
      chisq_diff = setNames(test[["Chisq diff"]][-1], later),
      df_diff = setNames(test[["Df diff"]][-1], later),
      pvalue = setNames(test[["Pr(>Chisq)"]][-1], later)
    )
  )
}

fit <- function(model, data, ...) suppressWarnings(sem(model, data, ...))
held <- function(model, data, levels, ...) {
  out <- list(configural = fit(model, data, ...))
  equal <- c()
  for (name in names(levels)) {
    equal <- c(equal, levels[[name]])
    out[[name]] <- fit(model, data, group.equal = equal, ...)
  }
  out
}

schools <- function(estimator) {
  held(three, hs, list(metric = "loadings", scalar = "intercepts"),
    group = "school", estimator = estimator, control = tight
  )
}
for (estimator in c("MLM", "MLMV", "MLMVS", "MLR")) {
  fits <- schools(estimator)
  for (shifted in c(TRUE, FALSE)) differ(paste0("schools/", estimator), fits, "satorra.2000", "delta", shifted)
}
# The scalar model frees latent means that the metric one fixes, which "exact" has no place for.
differ("schools/MLMV", schools("MLMV")[c("configural", "metric")], "satorra.2000", "exact")
differ("schools/MLMV", schools("MLMV"))

paths <- list(
  free = fit(mixed, hs, estimator = "MLMV", control = tight),
  equal = fit("visual =~ x1 + x2 + x3\nvisual ~ a*x4 + a*x5\nx9 ~ visual + x4", hs, estimator = "MLMV", control = tight),
  none = fit("visual =~ x1 + x2 + x3\nvisual ~ 0*x4 + 0*x5\nx9 ~ visual + x4", hs, estimator = "MLMV", control = tight)
)
differ("paths/MLMV", paths)
differ("paths/MLMV", paths, "satorra.2000", "exact")

sexes <- function(estimator, ...) {
  held(two, bfi, list(thresholds = "thresholds", loadings = "loadings", means = "means"),
    group = "gender", estimator = estimator, ordered = TRUE, ...
  )
}
for (estimator in c("WLSMV", "WLSM", "WLSMVS", "ULSMV", "DWLS")) {
  differ(paste0("sexes/", estimator), sexes(estimator))
}
differ("sexes/WLSMV", sexes("WLSMV"), "satorra.2000", "delta", FALSE)
differ("sexes/WLSM", sexes("WLSM"), "satorra.2000", "delta", FALSE)
differ("theta/WLSMV", sexes("WLSMV", parameterization = "theta"))

alike <- list(
  two = fit(two, bfi, ordered = TRUE),
  equal = fit("A =~ a*A2 + a*A3 + a*A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5", bfi, ordered = TRUE),
  apart = fit("A =~ a*A2 + a*A3 + a*A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5\nA ~~ 0*C", bfi, ordered = TRUE)
)
differ("factors/WLSMV", alike)
differ("factors/WLSMV", alike, "satorra.2000", "exact")

hs$x2 <- findInterval(hs$x2, c(5, 6.5, 8))
hs$x5 <- findInterval(hs$x5, c(3.5, 4.5, 5.5))
cut <- held(three, hs, list(loadings = c("thresholds", "loadings")),
  group = "school", ordered = c("x2", "x5")
)
differ("cut/WLSMV", cut)
