suppressMessages(library(lavaan))

hs <- read_data("hs1939.csv")
democracy <- read_data("political_democracy.csv")
spi <- read_data("spi_trust.csv")
bfi <- head(read_data("bfi.csv"), 1200)
# Every tenth answer or so is missing, by a rule that any language can repeat.
holes <- hs
for (j in 1:9) {
  name <- paste0("x", j)
  holes[[name]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
}
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
industry <- "ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + a*y2 + b*y3 + c*y4\ndem65 =~ y5 + a*y6 + b*y7 + c*y8\ndem60 ~ ind60\ndem65 ~ ind60 + dem60\ny1 ~~ y5\ny2 ~~ y4 + y6\ny3 ~~ y7\ny4 ~~ y8\ny6 ~~ y8"
trust <- "trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871"
bifactor <- "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9\nvisual =~ x1 + x2 + x3\nspeed =~ x7 + x8 + x9"
paths <- "x9 ~ a*x7 + b*x1 + x2\nx8 ~ d*x9 + x1\nindirect := a*d\nboth := a*d + b*d"
mixed <- "visual =~ x1 + x2 + x3\nvisual ~ x4 + x5\nx9 ~ visual + x4"
# Its items have no strong general factor, so that there is a second, higher minimum.
nested <- "g =~ N1 + N2 + N3 + N4 + N5 + E1 + E2 + E3 + E4 + E5\nN =~ N1 + N2 + N3 + N4 + N5\nE =~ E1 + E2 + E3 + E4 + E5"
curve <- "level =~ 1*x1 + 1*x2 + 1*x3 + 1*x4\nchange =~ 0*x1 + 1*x2 + 2*x3 + 3*x4"
second <- paste0(three, "\ng =~ visual + textual + speed")

# lavaan's search reports a failure where it is asked for more than this.
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)

report <- function(id, text, fun, data, ...) {
  args <- list(text, data = data, control = tight, ...)
  fit <- suppressWarnings(do.call(fun, args))
  if (!lavInspect(fit, "converged")) stop(id, " did not converge")
  table <- suppressWarnings(parameterEstimates(fit, standardized = TRUE, remove.nonfree = FALSE))
  group <- if (is.null(table$group)) 1 else table$group
  keys <- paste(table$lhs, table$op, table$rhs, group, sep = "|")
  measures <- suppressWarnings(fitMeasures(fit))
  names(measures) <- gsub(".", "_", names(measures), fixed = TRUE)
  options <- list(...)
  shown <- paste(sprintf('%s = %s', names(options), vapply(options, function(x) paste(deparse(x), collapse = ""), "")), collapse = ", ")
  case(
    id, "Structural models", sprintf("%s(model, data%s%s)", fun, if (length(options)) ", " else "", shown),
    list(
      fit = setNames(as.numeric(measures), names(measures)),
      est = setNames(table$est, keys), se = setNames(table$se, keys), std = setNames(table$std.all, keys)
    )
  )
}

for (estimator in c("ML", "MLM", "MLMV", "MLMVS", "MLR", "MLF", "GLS", "ULS")) {
  report(paste0("hs/", estimator), three, "cfa", hs, estimator = estimator)
}
report("hs/std_lv", three, "cfa", hs, std.lv = TRUE)
report("hs/orthogonal", three, "cfa", hs, orthogonal = TRUE)
report("hs/means/MLR", three, "cfa", hs, estimator = "MLR", meanstructure = TRUE)
report("hs/second", second, "cfa", hs)
report("hs/bifactor", bifactor, "cfa", hs, orthogonal = TRUE, std.lv = TRUE)
report("hs/paths", paths, "sem", hs)
report("hs/mixed", mixed, "sem", hs)
report("hs/mixed/MLR", mixed, "sem", hs, estimator = "MLR", meanstructure = TRUE)
report("hs/curve", curve, "growth", hs)
report("hs/group", three, "cfa", hs, group = "school")
report("hs/group/loadings", three, "cfa", hs, group = "school", group.equal = "loadings")
report("hs/group/scalar", three, "cfa", hs, group = "school", group.equal = c("loadings", "intercepts"))
report("hs/group/strict", three, "cfa", hs, group = "school", group.equal = c("loadings", "intercepts", "residuals"))
report("hs/group/loadings/MLR", three, "cfa", hs, group = "school", group.equal = "loadings", estimator = "MLR")
report("hs/group/scalar/MLM", three, "cfa", hs, group = "school", group.equal = c("loadings", "intercepts"), estimator = "MLM")
report("holes/fiml", three, "cfa", holes, missing = "fiml")
report("holes/fiml/MLR", three, "cfa", holes, missing = "fiml", estimator = "MLR")
report("holes/fiml/group/loadings", three, "cfa", holes, missing = "fiml", group = "school", group.equal = "loadings")
report("holes/fiml/mixed", mixed, "sem", na.omit(holes[c("x4", "x5")]) |> (\(rows) holes[rownames(rows), ])(), missing = "fiml")
report("democracy/ML", industry, "sem", democracy)
report("democracy/MLR", industry, "sem", democracy, estimator = "MLR")
report("spi/ML", trust, "cfa", spi)
report("spi/MLR", trust, "cfa", spi, estimator = "MLR")
report("spi/cluster", trust, "cfa", na.omit(spi), cluster = "age")
report("spi/cluster/MLR", trust, "cfa", na.omit(spi), cluster = "age", estimator = "MLR")
report("bfi/nested", nested, "cfa", bfi, orthogonal = TRUE, std.lv = TRUE)
report("bfi/nested/MLR", nested, "cfa", bfi, orthogonal = TRUE, std.lv = TRUE, estimator = "MLR")
report("hs/one/cluster", "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9", "cfa", hs, cluster = "agemo")
