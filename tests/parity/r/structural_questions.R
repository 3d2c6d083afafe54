suppressMessages(library(lavaan))

hs <- read_data("hs1939.csv")
democracy <- read_data("political_democracy.csv")
holes <- hs
for (j in 1:9) {
  name <- paste0("x", j)
  holes[[name]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
}
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
industry <- "ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + a*y2 + b*y3 + c*y4\ndem65 =~ y5 + a*y6 + b*y7 + c*y8\ndem60 ~ ind60\ndem65 ~ ind60 + dem60\ny1 ~~ y5\ny2 ~~ y4 + y6\ny3 ~~ y7\ny4 ~~ y8\ny6 ~~ y8"
paths <- "x9 ~ a*x7 + b*x1 + x2\nx8 ~ d*x9 + x1\nindirect := a*d\nboth := a*d + b*d"
mixed <- "visual =~ x1 + x2 + x3\nvisual ~ x4 + x5\nx9 ~ visual + x4"
curve <- "level =~ 1*x1 + 1*x2 + 1*x3 + 1*x4\nchange =~ 0*x1 + 1*x2 + 2*x3 + 3*x4"
second <- paste0(three, "\ng =~ visual + textual + speed")
# lavaan's search reports a failure where it is asked for more than this.
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)

shown <- function(options) {
  paste(sprintf("%s = %s", names(options), vapply(options, function(x) paste(deparse(x), collapse = ""), "")), collapse = ", ")
}

groups_of <- function(fit, x) if (lavInspect(fit, "ngroups") == 1) list(x) else x

report <- function(id, text, fun, data, ...) {
  fit <- suppressWarnings(do.call(fun, list(text, data = data, control = tight, ...)))
  if (!lavInspect(fit, "converged")) stop(id, " did not converge")
  call <- sprintf("fit <- %s(model, data, %s)", fun, shown(list(...)))
  values <- list()

  # lavaan changes the values of improper solutions on the way to their score tests.
  proper <- suppressWarnings(lavInspect(fit, "post.check"))
  table <- suppressWarnings(modindices(fit))
  # Moments of exogenous variables are the data's; lavaan lists some with an index of 0.
  exo <- lavNames(fit, "ov.x")
  # Its information about regressions of exogenous variables leaves out their moments.
  given <- (table$op == "~~" & table$lhs %in% exo & table$rhs %in% exo) | (table$op %in% c("~1", "~") & table$lhs %in% exo)
  table <- table[!given, ]
  group <- if (is.null(table$group)) 1 else table$group
  keys <- paste(table$lhs, table$op, table$rhs, group, sep = "|")
  own <- table$op == "~~" & table$lhs == table$rhs
  if (proper) {
    values$mi <- setNames(table$mi, keys)
    values$epc <- setNames(table$epc, keys)
    # Of variances, lavaan standardises the estimate instead of the change.
    values$sepc_lv <- setNames(table$sepc.lv, keys)[!own]
    values$sepc_all <- setNames(table$sepc.all, keys)[!own]
  }

  if (any(parTable(fit)$op == "==")) {
    test <- suppressWarnings(lavTestScore(fit))
    values$released <- test$uni$X2
    values$all <- test$test$X2
  }
  for (kind in c("raw", "cor", "standardized", "normalized")) {
    found <- groups_of(fit, residuals(fit, type = kind))
    for (g in seq_along(found)) {
      values[[paste(kind, "cov", g, sep = "|")]] <- unclass(found[[g]]$cov)
      if (!is.null(found[[g]]$mean)) values[[paste(kind, "mean", g, sep = "|")]] <- unclass(found[[g]]$mean)
    }
  }
  if (length(lavNames(fit, "lv"))) {
    for (method in c("regression", "Bartlett")) {
      if (method == "Bartlett" && id == "hs/second") next  # lavaan gives zeros to the second order
      scores <- groups_of(fit, lavPredict(fit, method = method, se = "standard"))
      errors <- attr(lavPredict(fit, method = method, se = "standard"), "se")
      for (g in seq_along(scores)) {
        some <- scores[[g]][seq_len(min(25, nrow(scores[[g]]))), , drop = FALSE]
        rownames(some) <- seq_len(nrow(some))
        values[[paste(method, g, sep = "|")]] <- some
        if (is.null(dim(errors[[g]])) || nrow(errors[[g]]) == 1) {
          values[[paste(method, "se", g, sep = "|")]] <- setNames(as.numeric(errors[[g]])[seq_len(ncol(some))], colnames(some))
        } else {
          part <- errors[[g]][seq_len(nrow(some)), seq_len(ncol(some)), drop = FALSE]
          dimnames(part) <- dimnames(some)
          values[[paste(method, "se", g, sep = "|")]] <- part
        }
      }
    }
  }
  case(id, "Questions to structural models", call, values)
}

report("hs/ML", three, "cfa", hs)
report("hs/MLM", three, "cfa", hs, estimator = "MLM")
report("hs/MLR", three, "cfa", hs, estimator = "MLR")
report("hs/GLS", three, "cfa", hs, estimator = "GLS")
report("hs/std_lv", three, "cfa", hs, std.lv = TRUE)
report("hs/orthogonal", three, "cfa", hs, orthogonal = TRUE)
report("hs/second", second, "cfa", hs)
report("hs/paths", paths, "sem", hs)
report("hs/mixed", mixed, "sem", hs)
report("hs/mixed/MLR", mixed, "sem", hs, estimator = "MLR", meanstructure = TRUE)
report("hs/curve", curve, "growth", hs)
report("hs/group", three, "cfa", hs, group = "school")
report("hs/group/scalar", three, "cfa", hs, group = "school", group.equal = c("loadings", "intercepts"))
report("hs/group/loadings/MLR", three, "cfa", hs, group = "school", group.equal = "loadings", estimator = "MLR")
report("holes/fiml", three, "cfa", holes, missing = "fiml")
report("holes/fiml/MLR", three, "cfa", holes, missing = "fiml", estimator = "MLR")
report("holes/fiml/group/loadings", three, "cfa", holes, missing = "fiml", group = "school", group.equal = "loadings")
report("democracy/ML", industry, "sem", democracy)
report("democracy/MLR", industry, "sem", democracy, estimator = "MLR")
