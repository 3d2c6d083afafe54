suppressMessages(library(lavaan))

hs <- read_data("hs1939.csv")
# Every tenth answer or so is missing, by the rule of structural_models.R.
holes <- hs
for (j in 1:9) {
  name <- paste0("x", j)
  holes[[name]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
}
models <- list(
  three = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9",
  paths = "x9 ~ a*x7 + b*x1 + x2\nx8 ~ d*x9 + x1\nindirect := a*d\nboth := a*d + b*d",
  mixed = "visual =~ x1 + x2 + x3\nvisual ~ x4 + x5\nx9 ~ visual + x4"
)
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)

report <- function(id, data, ...) {
  model <- strsplit(id, "/")[[1]][2]
  fit <- suppressWarnings(sem(models[[model]], data = data, control = tight, ...))
  if (!lavInspect(fit, "converged")) stop(id, " did not converge")
  table <- suppressWarnings(parameterEstimates(fit, standardized = TRUE, remove.nonfree = FALSE))
  group <- if (is.null(table$group)) 1 else table$group
  group[group == 0] <- 1
  keys <- paste(table$lhs, table$op, gsub(" ", "", table$rhs), group, sep = "|")
  measures <- suppressWarnings(fitMeasures(fit))
  names(measures) <- gsub(".", "_", names(measures), fixed = TRUE)
  case(
    id, "Structural models", sprintf("sem(model, data) # %s", id),
    list(
      fit = setNames(as.numeric(measures), names(measures)),
      est = setNames(table$est, keys), se = setNames(table$se, keys), std = setNames(table$std.all, keys)
    )
  )
}

for (model in c("paths", "mixed")) {
  for (estimator in c("MLM", "MLMV", "MLMVS")) report(paste("hs", model, estimator, sep = "/"), hs, estimator = estimator)
}
for (model in c("three", "mixed", "paths")) report(paste("hs", model, "WLS", sep = "/"), hs, estimator = "WLS")
report("hs/three/WLS/means", hs, estimator = "WLS", meanstructure = TRUE)
report("hs/three/WLS/group", hs, estimator = "WLS", group = "school")
for (estimator in c("GLS", "ULS")) report(paste("hs", "mixed", estimator, sep = "/"), hs, estimator = estimator)
report("hs/mixed/GLS/means", hs, estimator = "GLS", meanstructure = TRUE)
report("holes/three/MLF/fiml", holes, estimator = "MLF", missing = "fiml")
report("hs/mixed/MLM/means", hs, estimator = "MLM", meanstructure = TRUE)
report("hs/mixed/MLM/group", hs, estimator = "MLM", group = "school")

# The likelihood of the covariances alone: n - 1 persons.
for (model in c("three", "mixed", "paths")) {
  report(paste("hs", model, "ML", "wishart", sep = "/"), hs, likelihood = "wishart")
}
report("hs/mixed/ML/means/wishart", hs, likelihood = "wishart", meanstructure = TRUE)
report("hs/three/ML/group/wishart", hs, likelihood = "wishart", group = "school")
report("hs/three/ML/equal/wishart", hs, likelihood = "wishart", group = "school", group.equal = "loadings")
for (estimator in c("MLM", "MLMV", "MLMVS", "MLR", "MLF")) {
  report(paste("hs/three", estimator, "wishart", sep = "/"), hs, estimator = estimator, likelihood = "wishart")
}
for (estimator in c("MLM", "MLR")) {
  report(paste("hs/mixed", estimator, "wishart", sep = "/"), hs, estimator = estimator, likelihood = "wishart")
}
report("hs/three/MLR/group/wishart", hs, estimator = "MLR", likelihood = "wishart", group = "school")
report("hs/three/MLM/equal/wishart", hs,
  estimator = "MLM", likelihood = "wishart", group = "school", group.equal = "loadings"
)
# Observed predictors whose moments are modelled.
report("hs/mixed/ML/random", hs, fixed.x = FALSE)
report("hs/mixed/MLR/random", hs, estimator = "MLR", fixed.x = FALSE)
