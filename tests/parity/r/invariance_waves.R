suppressMessages({
  library(lavaan)
  library(semTools)
})

democracy <- read_data("political_democracy.csv")
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)
waves <- c(60, 65)
column <- function(item, wave) paste0("y", item + 4 * (wave - 1))

# One model of both waves, written out: what a level holds equal shares a label.
wide <- function(equal, released = character()) {
  lines <- c()
  for (w in 1:2) {
    load <- sapply(1:4, function(j) paste0(if ("loadings" %in% equal) sprintf("l%d*", j) else "", column(j, w)))
    lines <- c(lines, sprintf("dem%d =~ %s", waves[w], paste(load, collapse = " + ")))
    if (w == 2 && "loadings" %in% equal && !("lv.variances" %in% equal)) lines <- c(lines, "dem65 ~~ NA*dem65")
    if (w == 2 && "intercepts" %in% equal && !("means" %in% equal)) lines <- c(lines, "dem65 ~ NA*1")
    for (j in 1:4) {
      if ("intercepts" %in% equal && !(sprintf("d%d~1", j) %in% released)) lines <- c(lines, sprintf("%s ~ i%d*1", column(j, w), j))
      if ("residuals" %in% equal) lines <- c(lines, sprintf("%s ~~ r%d*%s", column(j, w), j, column(j, w)))
    }
  }
  paste(c(lines, "y1 ~~ y5", "y2 ~~ y6", "y3 ~~ y7", "y4 ~~ y8"), collapse = "\n")
}
levels <- list(
  configural = character(), metric = "loadings", scalar = c("loadings", "intercepts"),
  strict = c("loadings", "intercepts", "residuals"),
  lv_variances = c("loadings", "intercepts", "residuals", "lv.variances"),
  lv_means = c("loadings", "intercepts", "residuals", "lv.variances", "means")
)
long <- list(d1 = c("y1", "y5"), d2 = c("y2", "y6"), d3 = c("y3", "y7"), d4 = c("y4", "y8"))

values <- function(fit) {
  table <- suppressWarnings(parameterEstimates(fit, standardized = TRUE, remove.nonfree = FALSE))
  keys <- paste(table$lhs, table$op, table$rhs, sep = "|")
  measures <- suppressWarnings(fitMeasures(fit))
  names(measures) <- gsub(".", "_", names(measures), fixed = TRUE)
  list(fit = setNames(as.numeric(measures), names(measures)), est = setNames(table$est, keys), se = setNames(table$se, keys), std = setNames(table$std.all, keys))
}

for (estimator in c("ML", "MLR")) {
  before <- NULL
  for (level in names(levels)) {
    fit <- suppressWarnings(cfa(wide(levels[[level]]), democracy, estimator = estimator, meanstructure = TRUE, std.lv = TRUE, control = tight))
    found <- values(fit)
    if (!is.null(before)) {
      test <- suppressWarnings(lavTestLRT(before, fit))
      found$difference <- c(chisq_diff = test[2, "Chisq diff"], df_diff = test[2, "Df diff"], pvalue_diff = test[2, "Pr(>Chisq)"])
    }
    if (estimator == "ML") {
      written <- suppressWarnings(measEq.syntax(
        configural.model = "dem60 =~ y1 + y2 + y3 + y4\ndem65 =~ y5 + y6 + y7 + y8", data = democracy,
        longFacNames = list(dem = c("dem60", "dem65")), longIndNames = long, ID.fac = "std.lv", auto = "all",
        long.equal = levels[[level]], meanstructure = TRUE
      ))
      other <- suppressWarnings(lavaan(as.character(written), democracy, control = tight))
      found$meas_eq <- setNames(fitMeasures(other, c("chisq", "df")), c("chisq", "df"))
    }
    case(paste(estimator, level, sep = "/"), "Invariance over waves", sprintf("cfa(wide_model, data, std.lv = TRUE, meanstructure = TRUE, estimator = '%s')", estimator), found)
    before <- fit
  }
}
fit <- suppressWarnings(cfa(wide(levels$scalar, "d2~1"), democracy, meanstructure = TRUE, std.lv = TRUE, control = tight))
case("partial/scalar", "Invariance over waves", "cfa(wide_model with free intercepts of one item)", values(fit))
