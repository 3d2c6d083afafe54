suppressMessages({library(lavaan); library(sandwich)})

# Effects and delta-method errors of defined parameters; coefficients as lm() gives them.
mediation_case <- function(id, call, d, model, rename, formulas) {
  fit <- sem(model, d)
  est <- parameterEstimates(fit)
  est <- est[est$op == ":=", ]
  std <- standardizedSolution(fit)
  std <- std[std$op == ":=", "est.std"]
  effects <- cbind(est = est$est, se_delta = est$se, std = std)
  rownames(effects) <- rename[est$lhs]
  paths <- do.call(rbind, lapply(formulas, function(f) {
    fitted <- lm(f, d); s <- summary(fitted)$coefficients; ci <- confint(fitted)
    out <- cbind(est = s[, 1], se = s[, 2], t = s[, 3], pvalue = s[, 4], ci_low = ci[, 1], ci_high = ci[, 2])
    rownames(out) <- paste(all.vars(f)[1], "~", sub("(Intercept)", "intercept", rownames(s), fixed = TRUE))
    out
  }))
  case(id, "Mediation", call, list(effects = effects, paths = paths))
}

hs <- read_data("hs1939.csv")
mediation_case("simple", "sem('x9 ~ c*x1 + b*x4; x4 ~ a*x1; indirect := a*b; ...', hs1939); lm", hs,
  "x9 ~ c*x1 + b*x4\n x4 ~ a*x1\n total := c + a*b\n direct := c\n indirect := a*b\n one := a*b",
  c(total = "total", direct = "direct", indirect = "indirect", one = "x1 → x4 → x9"),
  list(x4 ~ x1, x9 ~ x1 + x4))
mediation_case("parallel", "sem() with x4 ~~ x7, covariates ageyr and sex, hs1939; lm", hs,
  "x9 ~ c*x1 + b1*x4 + b2*x7 + ageyr + sex\n x4 ~ a1*x1 + ageyr + sex\n x7 ~ a2*x1 + ageyr + sex\n x4 ~~ x7
   total := c + a1*b1 + a2*b2\n direct := c\n indirect := a1*b1 + a2*b2\n one := a1*b1\n two := a2*b2",
  c(total = "total", direct = "direct", indirect = "indirect", one = "x1 → x4 → x9", two = "x1 → x7 → x9"),
  list(x4 ~ x1 + ageyr + sex, x7 ~ x1 + ageyr + sex, x9 ~ x1 + x4 + x7 + ageyr + sex))
attitude <- read_data("attitude.csv")
mediation_case("serial", "sem() with learning, then raises, between complaints and rating, attitude; lm", attitude,
  "rating ~ c*complaints + b1*learning + b2*raises\n learning ~ a1*complaints\n raises ~ a2*complaints + d*learning
   total := c + a1*b1 + a2*b2 + a1*d*b2\n direct := c\n indirect := a1*b1 + a2*b2 + a1*d*b2
   one := a1*b1\n two := a2*b2\n both := a1*d*b2",
  c(total = "total", direct = "direct", indirect = "indirect", one = "complaints → learning → rating",
    two = "complaints → raises → rating", both = "complaints → learning → raises → rating"),
  list(learning ~ complaints, raises ~ complaints + learning, rating ~ complaints + learning + raises))

moderation_case <- function(id, call, d, y, x, w, z = character(), vcov_of = vcov, df_of = df.residual) {
  centre <- mean(d[[w]])
  d$xc <- d[[x]] - mean(d[[x]]); d$wc <- d[[w]] - centre; d$xw <- d$xc * d$wc
  fit <- lm(reformulate(c("xc", "wc", "xw", z), y), d)
  V <- vcov_of(fit); df <- df_of(fit); b <- coef(fit); crit <- qt(.975, df)
  row <- function(est, se) c(est = est, se = se, t = est / se, pvalue = 2 * pt(-abs(est / se), df),
                             ci_low = est - crit * se, ci_high = est + crit * se)
  table <- t(mapply(row, b, sqrt(diag(V))))
  rownames(table) <- c("intercept", x, w, paste0(x, ":", w), z)
  at <- mean(d[[w]]) + c(-1, 0, 1) * sd(d[[w]]) - centre
  slope <- function(at) row(unname(b["xc"] + b["xw"] * at),
                            sqrt(V["xc", "xc"] + 2 * at * V["xc", "xw"] + at^2 * V["xw", "xw"]))
  slopes <- t(sapply(at, slope)); rownames(slopes) <- c("low", "mean", "high")
  # Johnson-Neyman: where the squared slope is the critical value squared times its variance.
  k <- crit^2
  a2 <- b["xw"]^2 - k * V["xw", "xw"]; a1 <- 2 * (b["xc"] * b["xw"] - k * V["xc", "xw"]); a0 <- b["xc"]^2 - k * V["xc", "xc"]
  roots <- Re(polyroot(c(a0, a1, a2)))
  if (a1^2 - 4 * a2 * a0 <= 0) roots <- numeric()
  roots <- sort(roots + centre)
  inside <- roots[roots > min(d[[w]]) & roots < max(d[[w]])]
  case(id, "Moderation", call, list(
    coefficients = table, simple_slopes = slopes, cuts = c(first = inside[1], second = inside[2]),
    r2 = c(r2 = summary(fit)$r.squared, delta_r2 = summary(fit)$r.squared - summary(update(fit, . ~ . - xw))$r.squared)
  ))
}

moderation_case("moderated", "lm(x9 ~ x1 * x7) with both centred, hs1939; slopes and regions from vcov", hs, "x9", "x1", "x7")
moderation_case("moderated_hc3", "the same with ageyr, vcovHC(type = 'HC3')", hs, "x4", "x2", "ageyr", "sex",
                vcov_of = function(f) vcovHC(f, "HC3"))
moderation_case("moderated_cluster", "lm(x5 ~ x3 * x8), vcovCL(cluster = agemo)", hs, "x5", "x3", "x8",
                vcov_of = function(f) vcovCL(f, hs$agemo, type = "HC1"), df_of = function(f) length(unique(hs$agemo)) - 1)
bfi <- na.omit(read_data("bfi.csv")[c("N1", "E1", "age")])
moderation_case("moderated_bfi", "lm(N1 ~ E1 * age), bfi, complete cases", bfi, "N1", "E1", "age")
