# Parameter tables of lavaan for many models, which tests/unit/test_parameter_table.py compares
# with ours row by row. Run by hand: Rscript tests/unit/data/parameter_tables.R
suppressPackageStartupMessages({
  library(lavaan)
  library(jsonlite)
})

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1]))

hs <- HolzingerSwineford1939
cuts <- function(x, k) cut(x, quantile(x, seq(0, 1, length.out = k + 1)), labels = FALSE,
                           include.lowest = TRUE)
hsord <- hs
for (name in paste0("x", 1:9)) hsord[[name]] <- cuts(hs[[name]], if (name == "x4") 4 else 3)
three <- hs[seq_len(nrow(hs)), ]
three$third <- rep(c("a", "b", "c"), length.out = nrow(hs))

hs3 <- "
  visual  =~ x1 + x2 + x3
  textual =~ x4 + x5 + x6
  speed   =~ x7 + x8 + x9
"
two <- "
  f1 =~ x1 + x2 + x3
  f2 =~ x4 + x5 + x6
"
democracy <- "
  # measurement
  ind60 =~ x1 + x2 + x3
  dem60 =~ y1 + a*y2 + b*y3 + c*y4
  dem65 =~ y5 + a*y6 + b*y7 + c*y8
  # regressions
  dem60 ~ ind60
  dem65 ~ ind60 + dem60
  # residual covariances
  y1 ~~ y5
  y2 ~~ y4 + y6
  y3 ~~ y7
  y8 ~~ y4   ! the other way round
  y6 ~~ y8
"
growth4 <- "
  i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4
  s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4
"
twolevel <- "
  level: 1
    fw =~ y1 + y2 + y3
    fw ~ x1 + x2 + x3
  level: 2
    fb =~ y1 + y2 + y3
    fb ~ w1 + w2
"

case <- function(name, model, fun = "cfa", data = hs, ...)
  list(name = name, model = model, fun = fun, data = data, args = list(...))

equal <- list(
  loadings = "loadings",
  intercepts = c("loadings", "intercepts"),
  intercepts_alone = "intercepts",
  residuals = c("loadings", "intercepts", "residuals"),
  means = c("loadings", "intercepts", "means"),
  lv_variances = c("loadings", "lv.variances"),
  lv_covariances = c("loadings", "lv.variances", "lv.covariances"),
  regressions = "regressions",
  everything = c("loadings", "intercepts", "means", "regressions", "residuals",
                 "residual.covariances", "lv.variances", "lv.covariances")
)

cases <- list(
  case("plain", hs3),
  case("meanstructure", hs3, meanstructure = TRUE),
  case("std.lv", hs3, std.lv = TRUE),
  case("orthogonal", hs3, orthogonal = TRUE),
  case("std.lv and orthogonal", hs3, std.lv = TRUE, orthogonal = TRUE),
  case("lavaan", hs3, "lavaan"),
  case("lavaan with some defaults", hs3, "lavaan", auto.var = TRUE, auto.fix.first = TRUE),
  case("lavaan with means", hs3, "lavaan", meanstructure = TRUE, auto.var = TRUE,
       auto.cov.lv.x = TRUE, int.ov.free = TRUE),
  case("sem", hs3, "sem"),
  case("free latent means", hs3, "lavaan", meanstructure = TRUE, int.lv.free = TRUE,
       auto.var = TRUE, auto.fix.first = TRUE),
  case("higher order", paste(hs3, "g =~ visual + textual + speed")),
  case("higher order, std.lv", paste(hs3, "g =~ visual + textual + speed"), std.lv = TRUE),
  case("bifactor", paste(hs3, "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9"),
       orthogonal = TRUE, std.lv = TRUE),
  case("two groups", hs3, group = "school"),
  case("two groups without means", hs3, group = "school", meanstructure = FALSE),
  case("three groups", two, data = three, group = "third", group.equal = c("loadings")),
  case("std.lv, equal loadings", hs3, group = "school", std.lv = TRUE,
       group.equal = "loadings"),
  case("std.lv, equal loadings and variances", hs3, group = "school", std.lv = TRUE,
       group.equal = c("loadings", "lv.variances")),
  case("partial", hs3, group = "school", group.equal = c("loadings", "intercepts", "residuals"),
       group.partial = c("visual=~x2", "x7~1", "x3 ~~ x3")),
  case("labels in groups", "
    visual =~ x1 + c(a, a)*x2 + c(b1, b2)*x3
    textual =~ x4 + d*x5 + c(0.5, NA)*x6
    speed =~ c(NA, 1)*x7 + start(c(0.6, 0.7))*x8 + c(1, 1)*x9
    x1 ~ c(i, i)*1
    textual ~~ c('v', 'w')*textual
    b1 == 2*b2
  ", group = "school"),
  case("group blocks", "
    group: 1
      f =~ x1 + x2 + x3 + x4
    group: 2
      f =~ x1 + a*x2 + a*x3 + x5
      x1 ~~ x2
  ", group = "school"),
  case("growth", paste(growth4, "i ~ x1 + x2; s ~ x1 + x2; t1 ~ c1; t2 ~ c2; t3 ~ c3; t4 ~ c4"),
       "growth", data = Demo.growth),
  case("growth, plain", growth4, "growth", data = Demo.growth),
  case("growth, equal residuals", paste(growth4, "
    t1 ~~ r*t1
    t2 ~~ r*t2
    t3 ~~ r*t3
    t4 ~~ r*t4"), "growth", data = Demo.growth),
  case("mediation", "
    # direct
    x7 ~ c*x1
    # mediator
    x4 ~ a*x1
    x7 ~ b*x4
    ab := a*b
    total := c + (a*b)
    share := ab / total
  ", "sem"),
  case("latent mediation", "
    f =~ x1 + x2 + x3
    g =~ x4 + x5 + x6
    h =~ x7 + x8 + x9
    g ~ a*f
    h ~ b*g + c*f
    indirect := a*b
    total := c + a*b
  ", "sem"),
  case("path model, random x", "x4 + x5 ~ x1 + x2 + x3\n x7 ~ x4 + x5", "sem", fixed.x = FALSE),
  case("path model, fixed x", "x4 + x5 ~ x1 + x2 + x3\n x7 ~ x4 + x5", "sem"),
  case("path model with means", "x4 + x5 ~ x1 + x2\n x7 ~ x4 + x5", "sem", meanstructure = TRUE),
  case("conditional x", "f =~ x4 + x5 + x6\n f ~ x1 + x2\n x7 ~ f + x1", "sem",
       conditional.x = TRUE),
  case("two outcomes", "x7 ~ x1\n x8 ~ x1\n x9 ~ x7 + x8\n x4 ~ x1", "sem"),
  case("covariates", paste(hs3, "visual ~ ageyr + sex\n textual ~ ageyr\n x9 ~ sex"), "sem"),
  case("covariates in groups", paste(two, "f1 ~ ageyr\n f2 ~ f1 + ageyr"), "sem",
       group = "school", group.equal = c("loadings", "intercepts", "regressions")),
  case("exogenous variance written", "x4 ~ x1 + x2\n x1 ~~ x2", "sem"),
  case("exogenous mean written", "x4 ~ x1 + x2\n x1 ~ 1", "sem"),
  case("political democracy", democracy, "sem", data = PoliticalDemocracy),
  case("political democracy with means", democracy, "sem", data = PoliticalDemocracy,
       meanstructure = TRUE, std.lv = TRUE),
  case("equality written", "
    f1 =~ x1 + a*x2 + b*x3
    f2 =~ x4 + c*x5 + d*x6
    a == c
    b + d == 2
  "),
  case("inequalities", "
    f1 =~ x1 + a*x2 + b*x3
    f2 =~ x4 + c*x5 + d*x6
    x1 ~~ v*x1
    v > 0
    a < b
    c^2 == d
    e := exp(a) - 1
  "),
  case("labels through definitions", "
    f1 =~ x1 + a*x2 + b*x3
    f2 =~ x4 + c*x5 + d*x6
    m := (a + b) / 2
    m == c
    d == 0.7
  "),
  case("equal()", "
    f1 =~ x1 + x2 + equal(\"f1=~x2\")*x3
    f2 =~ x4 + x5 + equal('f1 =~ x2')*x6
  "),
  case("label()", "f1 =~ x1 + label(\"a\")*x2 + label('a')*x3 + x4"),
  case("start values", "
    f1 =~ x1 + start(0.8)*x2 + start(1.2)*x3
    f2 =~ start(0.9)*x4 + 0.7?x5 + x6
    f1 ~~ start(0.2)*f2
  "),
  case("bounds", "
    f1 =~ x1 + lower(0)*x2 + upper(2)*x3
    f2 =~ x4 + a*x5 + a*x6 + lower(0.1)*x5
    x1 ~~ lower(0)*x1
  "),
  case("NA frees the first loading", "
    f1 =~ NA*x1 + x2 + x3
    f2 =~ NA*x4 + x5 + x6
    f1 ~~ 1*f1
    f2 ~~ 1*f2
  "),
  case("fixed values", "
    f1 =~ x1 + 0.5*x2 + -1*x3
    f2 =~ x4 + sqrt(2)*x5 + 1/3*x6
    f1 ~~ 0*f2
    x1 ~~ 0.2*x1
    x2 ~~ 0*x4
  "),
  case("two modifiers", "f1 =~ x1 + a*x2 + 0.7*x2 + start(0.5)*x3 + b*x3 + x4"),
  case("equal to a fixed loading", "f1 =~ a*x1 + a*x2 + x3 + x4"),
  case("intercepts", "
    f1 =~ x1 + x2 + x3
    x1 ~ 0*1
    x2 ~ m*1
    x3 ~ 1
    f1 ~ 1
  "),
  case("intercept and slope", "x4 ~ 1 + x1 + 0.5*x2\n x5 ~ 0 + x1", "sem"),
  case("single indicators", "
    f1 =~ x1 + x2 + x3
    f2 =~ x4
    f3 =~ x5
    x5 ~~ 0.3*x5
    f1 ~ f2 + f3
  ", "sem"),
  case("correlated residuals", paste(two, "x1 ~~ x4 + x5\n x6 ~~ x3\n x5 ~~ x6")),
  case("covariance of latent and observed", "f =~ x1 + x2 + x3\n x5 ~~ f\n x4 ~~ x5"),
  case("cross loading", "f1 =~ x1 + x2 + x3 + x4\n f2 =~ x4 + x5 + x6 + x1"),
  case("phantom", "f1 =~ x1 + x2 + x3\n f2 =~ 0\n f2 ~ f1\n x4 ~ f2", "sem"),
  case("interaction", "x7 ~ x1 + x2 + x1:x2", "sem"),
  case("interaction with modifiers", "x7 ~ a*x1 + b*x2 + c*x1:x2\n slope := b + c", "sem"),
  case("interaction of an outcome", "x4 ~ x1\n x7 ~ x4 + x2 + x4:x2", "sem"),
  case("several on the left", "f1 + f2 =~ x1 + x2 + x3 + x4\n f1 ~~ 0*f2\n x5 + x6 ~ f1", "sem"),
  case("lines and comments", "
    # a comment
    f1 =~ x1 +   # another
          x2
        + x3     ! and one more
    f2 =~
      x4 + x5 +

      x6; f1 ~~ f2; x1 ~~
        x2
  "),
  case("ordered", two, data = hsord, ordered = TRUE),
  case("ordered, theta", two, data = hsord, ordered = TRUE, parameterization = "theta"),
  case("ordered in part", two, data = hsord, ordered = c("x1", "x4")),
  case("ordered, std.lv", two, data = hsord, ordered = TRUE, std.lv = TRUE),
  case("ordered, groups", two, data = hsord, ordered = TRUE, group = "school"),
  case("ordered, equal thresholds, delta", two, data = hsord, ordered = TRUE, group = "school",
       group.equal = c("loadings", "thresholds")),
  case("ordered, equal thresholds, theta", two, data = hsord, ordered = TRUE, group = "school",
       group.equal = c("loadings", "thresholds"), parameterization = "theta"),
  case("ordered, partial", two, data = hsord, ordered = TRUE, group = "school",
       group.equal = c("loadings", "thresholds", "intercepts", "residuals", "means"),
       group.partial = c("x1|t1", "f1=~x3")),
  case("ordered in part, equal intercepts", two, data = hsord, ordered = c("x1", "x4"),
       group = "school", group.equal = c("loadings", "intercepts")),
  case("thresholds written", "
    f1 =~ x1 + x2 + x3 + x4
    x1 | a*t1 + t2
    x2 | 0*t1
    x3 ~*~ 1*x3
    x4 ~~ 1*x4
  ", data = hsord, ordered = TRUE),
  case("thresholds in groups", "
    f1 =~ x1 + c(l2, l2)*x2 + x3 + x4
    x1 | c(a, a)*t1 + c(b, b)*t2
    x2 | c(0, 0.1)*t1
    x1 ~*~ c(1, NA)*x1
    f1 ~ c(0, NA)*1
  ", data = hsord, ordered = TRUE, group = "school", parameterization = "delta"),
  case("ordered with covariates", paste(two, "f1 ~ ageyr + sex\n f2 ~ f1"), "sem", data = hsord,
       ordered = paste0("x", 1:6)),
  case("ordered with covariates, joint", paste(two, "f1 ~ ageyr + sex\n f2 ~ f1"), "sem",
       data = hsord, ordered = paste0("x", 1:6), conditional.x = FALSE),
  case("ordered outcome", "x4 ~ x1 + x2\n x7 ~ x4", "sem", data = hsord, ordered = "x7"),
  case("two levels", twolevel, "sem", data = Demo.twolevel, cluster = "cluster"),
  case("two levels, random x", twolevel, "sem", data = Demo.twolevel, cluster = "cluster",
       fixed.x = FALSE),
  case("two levels with labels", "
    level: within
      fw =~ y1 + a*y2 + b*y3
      y4 ~ fw
    level: between
      fb =~ y1 + a*y2 + b*y3
      y4 ~~ y4
      y1 ~~ 0*y1
  ", "sem", data = Demo.twolevel, cluster = "cluster"),
  case("two levels, observed", "
    level: 1
      y1 ~ x1 + x2
      y2 ~ y1 + x1
    level: 2
      y1 ~ w1
      y2 ~ y1 + w1
  ", "sem", data = Demo.twolevel, cluster = "cluster"),
  case("unicode and dots", "
    Vertrauen.gef\u00fchl =~ x1 + x2 + x3
    \u4fe1\u983c =~ x4 + x5 + x6
  "),
  case("orthogonal.x", paste(hs3, "speed ~ visual + textual"), "sem", orthogonal.x = TRUE),
  case("orthogonal.y", "f =~ x1 + x2 + x3\n g =~ x4 + x5 + x6\n h =~ x7 + x8 + x9\n g + h ~ f",
       "sem", orthogonal.y = TRUE)
)
for (name in names(equal))
  cases[[length(cases) + 1]] <- case(paste("groups, equal", name),
    if (name %in% c("regressions", "everything")) paste(two, "f2 ~ f1\n x1 ~~ x2") else hs3,
    "sem", group = "school", group.equal = equal[[name]])

kinds <- c("ov", "ov.x", "ov.nox", "ov.y", "ov.ind", "ov.ord", "ov.num", "ov.interaction", "lv",
           "lv.x", "lv.y", "lv.nox", "lv.ind", "th")
# The options that are resolved from defaults, estimator and data before the table is made.
resolved <- c("meanstructure", "conditional.x", "fixed.x")

# lavaan() itself stops at two of the models, for which its table maker is asked alone.
made <- function(one) tryCatch(
  suppressWarnings(do.call(one$fun, c(
    list(model = one$model, data = one$data, do.fit = FALSE), one$args))),
  error = function(e) NULL)

record <- function(one) {
  fit <- made(one)
  table <- if (is.null(fit)) lavaanify(one$model, auto = one$fun != "lavaan") else
    as.data.frame(fit@ParTable, stringsAsFactors = FALSE)
  options <- one$args[setdiff(names(one$args), c("group", "cluster", resolved, "ordered"))]
  if (is.null(fit)) {
    options$n.groups <- 1
  } else {
    ordinal <- lavNames(fit, "ov.ord")
    options <- c(options, lavInspect(fit, "options")[resolved], list(
      n.groups = lavInspect(fit, "ngroups"),
      group.labels = lavInspect(fit, "group.label"),
      ordered = I(ordinal),
      categories = as.list(setNames(
        fit@Data@ov$nlev[match(ordinal, fit@Data@ov$name)], ordinal))))
  }
  kept <- intersect(c("lhs", "op", "rhs", "user", "block", "group", "level", "free", "ustart",
                      "exo", "label", "plabel", "lower", "upper"), names(table))
  # What linear equalities leave free, as the projection of two vectors onto it: this does not
  # depend on the basis that is chosen.
  space <- NULL
  if (!is.null(fit) && fit@Model@eq.constraints) {
    basis <- fit@Model@eq.constraints.K
    probe <- cbind(seq_len(nrow(basis)), sin(seq_len(nrow(basis))))
    space <- list(n = ncol(basis), projected = basis %*% crossprod(basis, probe))
  }
  list(
    name = one$name, fun = one$fun, model = one$model, options = options, table = table[kept],
    names = lapply(setNames(kinds, kinds), function(kind) I(as.character(lavNames(table, kind)))),
    free_space = space
  )
}
out <- lapply(cases, record)
target <- file.path(here, "parameter_tables.json")
writeLines(toJSON(list(lavaan = as.character(packageVersion("lavaan")), cases = out),
                  dataframe = "columns", auto_unbox = TRUE, na = "null", digits = 10,
                  null = "null"), target)
cat(length(out), "tables\n")
