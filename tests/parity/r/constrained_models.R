suppressMessages(library(lavaan))

hs <- read_data("hs1939.csv")
# Every tenth answer or so is missing, by the rule of structural_models.R.
holes <- hs
for (j in 1:9) {
  name <- paste0("x", j)
  holes[[name]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
}
three <- "visual =~ x1 + a*x2 + b*x3\ntextual =~ x4 + c*x5 + x6\nspeed =~ x7 + x8 + x9\n"
grouped <- "visual =~ x1 + c(a1, a2)*x2 + c(b1, b2)*x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\n"
# Without values to start from, lavaan ends at a minimum that is not the lowest.
paths <- "x9 ~ a*x7 + start(0.2)*x7 + b*x1 + x2\nx8 ~ d*x9 + start(0.3)*x9 + x1\nindirect := a*d\n"
limits <- list(
  product = "a == b*c", curved = "a == b^2 + 0.1*exp(c)", mixed = "a == b*c\nb == c",
  floor = "a > 0.7", slack = "a > 0.3", order = "b < a", several = "a == b*c\nc < 1",
  bound = "x1 ~~ lower(0.7)*x1", bounded = "x1 ~~ upper(0.3)*x1\na == b*c",
  groups = "a1 == a2*b2\nb1 > 0.9", indirect = "a*d == 0.05"
)
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)

report <- function(id, text, data, ...) {
  fit <- suppressWarnings(sem(text, data = data, control = tight, ...))
  if (!lavInspect(fit, "converged")) stop(id, " did not converge")
  table <- suppressWarnings(parameterEstimates(fit, standardized = TRUE, remove.nonfree = FALSE))
  table <- table[!table$op %in% c("==", "<", ">"), ]
  table$se[is.na(table$se)] <- 0 # the root of a variance just below 0
  group <- if (is.null(table$group)) 1 else table$group
  group[group == 0] <- 1
  keys <- paste(table$lhs, table$op, gsub(" ", "", table$rhs), group, sep = "|")
  measures <- suppressWarnings(fitMeasures(fit))
  names(measures) <- gsub(".", "_", names(measures), fixed = TRUE)
  case(
    id, "Models under constraints", sprintf("sem(model, data) # %s", id),
    list(
      fit = setNames(as.numeric(measures), names(measures)),
      est = setNames(table$est, keys), se = setNames(table$se, keys), std = setNames(table$std.all, keys)
    )
  )
}

for (name in c("product", "curved", "mixed", "floor", "slack", "order", "several", "bound", "bounded")) {
  report(paste0("hs/", name), paste0(three, limits[[name]]), hs)
}
for (estimator in c("MLR", "MLM", "GLS", "ULS")) {
  for (name in c("product", "floor")) {
    report(paste("hs", name, estimator, sep = "/"), paste0(three, limits[[name]]), hs, estimator = estimator)
  }
}
report("hs/bound/MLR", paste0(three, limits$bound), hs, estimator = "MLR")
report("hs/groups", paste0(grouped, limits$groups), hs, group = "school")
report("hs/indirect", paste0(paths, limits$indirect), hs)
for (name in c("product", "floor")) {
  report(paste("holes", name, "fiml", sep = "/"), paste0(three, limits[[name]]), holes, missing = "fiml")
}
report("holes/product/fiml/MLR", paste0(three, limits$product), holes, missing = "fiml", estimator = "MLR")
