suppressMessages(library(sandwich))

hs <- read_data("hs1939.csv")
bfi <- read_data("bfi.csv")
holes <- hs
for (j in 1:9) {
  name <- paste0("x", j)
  holes[[name]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
}

# Slopes of x at values of w by moving the zero of w there and reading the coefficient of x.
probed <- function(id, formula, d, x, w, at, level, vcov_of, df_of = df.residual, center = FALSE) {
  d <- d[stats::complete.cases(d[intersect(c(all.vars(formula), "agemo"), names(d))]), ]
  moved <- function(to, from_x = 0) {
    e <- d; e[[w]] <- e[[w]] - to; e[[x]] <- e[[x]] - from_x
    fit <- lm(formula, e); df <- df_of(fit, e)
    se <- sqrt(diag(vcov_of(fit, e))); b <- coef(fit); half <- qt((1 + level) / 2, df) * se
    cbind(est = b, se = se, t = b / se, pvalue = 2 * pt(-abs(b / se), df), ci_low = b - half, ci_high = b + half)
  }
  table <- if (center) moved(mean(d[[w]]), mean(d[[x]])) else moved(0)
  rownames(table)[1] <- "intercept"
  slopes <- t(sapply(at, function(a) moved(a)[x, ])); rownames(slopes) <- paste0("at", seq_along(at))
  grid <- seq(min(d[[w]]), max(d[[w]]), length.out = 101)
  curve <- t(sapply(grid, function(a) moved(a)[x, c("est", "ci_low", "ci_high")]))
  dimnames(curve) <- list(as.character(0:100), c("slope", "ci_low", "ci_high"))
  own <- t(sapply(unique(d[[w]]), function(a) moved(a)[x, c("ci_low", "ci_high")]))[match(d[[w]], unique(d[[w]])), ]
  shares <- c(negative = mean(own[, 2] < 0), positive = mean(own[, 1] > 0))
  fit <- lm(formula, d); less <- update(fit, as.formula(paste(". ~ . -", paste0(x, ":", w))))
  case(id, "Moderation", sprintf("lm(%s); the coefficient of %s with %s moved to each value", deparse(formula), x, w),
       list(n = nrow(d), coefficients = table, simple_slopes = slopes, curve = curve, shares = shares,
            r2 = c(r2 = summary(fit)$r.squared, delta_r2 = summary(fit)$r.squared - summary(less)$r.squared)))
}
hc <- function(type) function(fit, e) vcovHC(fit, type)
probed("raw HC1", x9 ~ x1 * x7 + ageyr + sex, hs, "x1", "x7", c(3, 4.25, 6), .90, hc("HC1"))
probed("binary HC3", x4 ~ x2 * sex, hs, "x2", "sex", c(1, 2), .95, hc("HC3"), center = TRUE)
probed("incomplete", x5 ~ x3 * x8 + x1, holes, "x3", "x8", c(2, 5, 9), .99, function(fit, e) vcov(fit), center = TRUE)
probed("cluster", x9 ~ x1 * x7 + sex, holes, "x1", "x7", c(3, 5), .95, function(fit, e) vcovCL(fit, e$agemo, type = "HC1"),
       df_of = function(fit, e) length(unique(e$agemo)) - 1)
probed("bfi HC1", N1 ~ E1 * age + gender + A1, bfi, "E1", "age", c(18, 30, 60), .95, hc("HC1"))
