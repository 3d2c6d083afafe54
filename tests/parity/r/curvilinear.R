suppressMessages({library(mgcv); library(sandwich); library(lmtest)})

# The u-test and the interval of the turning point from the paper's formulas (Lind & Mehlum, 2010).
u_test <- function(fit, V, df, ends) {
  b <- coef(fit)[2:3]; V <- V[2:3, 2:3]
  slope <- b[1] + 2 * b[2] * ends
  se <- sqrt(V[1, 1] + 4 * ends * V[1, 2] + 4 * ends^2 * V[2, 2])
  t <- slope / se
  p <- if (b[2] > 0) c(pt(t[1], df), pt(-t[2], df)) else c(pt(-t[1], df), pt(t[2], df))
  # All s with (b1 + 2 b2 s)^2 below its critical value: a quadratic inequality in s.
  q <- qt(.975, df)^2
  a2 <- 4 * (b[2]^2 - q * V[2, 2]); a1 <- 4 * (b[1] * b[2] - q * V[1, 2]); a0 <- b[1]^2 - q * V[1, 1]
  limits <- if (a2 > 0) (-a1 + c(-1, 1) * sqrt(a1^2 - 4 * a2 * a0)) / (2 * a2) else c(NA, NA)
  list(ends = cbind(x = ends, slope = slope, se = se, t = t, pvalue = p), u_pvalue = max(p),
       turning = c(turning_point = unname(-b[1] / (2 * b[2])), turning_low = unname(limits[1]), turning_high = unname(limits[2])))
}

# An interrupted regression; a case at the break counts to the line that is looked at.
interrupted <- function(d, at, cluster) {
  z <- setdiff(names(d), c("x", "y"))
  line <- function(high, column) {
    e <- data.frame(y = d$y, lo = (d$x - at) * !high, hi = (d$x - at) * high, up = as.numeric(high), d[z])
    fit <- lm(y ~ ., e)
    V <- if (is.null(cluster)) vcovHC(fit, "HC3") else vcovCL(fit, cluster, type = "HC1")
    if (any(is.na(V))) V <- vcovHC(fit, "HC1")
    b <- coef(fit)[[column]]; se <- sqrt(V[column, column]); s <- b / se
    p <- if (is.null(cluster)) 2 * pnorm(-abs(s)) else 2 * pt(-abs(s), length(unique(cluster)) - 1)
    c(slope = b, se = se, statistic = s, pvalue = p)
  }
  rbind(below = line(d$x > at, "lo"), above = line(d$x >= at, "hi"))
}

two_lines <- function(d, cluster) {
  z <- setdiff(names(d), c("x", "y"))
  k <- min(10, length(unique(d$x)))
  smooth <- gam(as.formula(paste(c("y ~ s(x, bs = 'cr', k = k)", z), collapse = " + ")), data = d)
  at_means <- d; for (v in z) at_means[[v]] <- mean(d[[v]])
  curve <- predict(smooth, at_means, se.fit = TRUE)
  quad <- lm(y ~ x + I(x^2) + ., d)
  rises <- coef(quad)[["x"]] + 2 * coef(quad)[["I(x^2)"]] * min(d$x) > 0
  inner <- d$x > quantile(d$x, .1) & d$x < quantile(d$x, .9)
  h <- curve$fit[inner]; s <- curve$se.fit[inner]
  flat <- d$x[inner][if (rises) h + s > max(h) else h - s < min(h)]
  first <- abs(interrupted(d, median(flat), cluster)[, "statistic"])
  at <- unname(quantile(flat, first[2] / sum(first)))
  list(lines = interrupted(d, at, cluster), at = c(breakpoint = at, flat_low = min(flat), flat_high = max(flat)))
}

curve_case <- function(id, call, d, errors = "classical", cluster = NULL) {
  ok <- complete.cases(d); d <- d[ok, ]; cluster <- cluster[ok]
  fit <- lm(y ~ x + I(x^2) + ., d)
  V <- switch(errors, classical = vcov(fit), cluster = vcovCL(fit, cluster, type = "HC1"), vcovHC(fit, errors))
  df <- if (is.null(cluster)) fit$df.residual else length(unique(cluster)) - 1
  tests <- coeftest(fit, V, df = df)
  half <- qt(.975, df) * tests[, 2]
  table <- cbind(estimate = tests[, 1], se = tests[, 2], t = tests[, 3], pvalue = tests[, 4], ci_low = tests[, 1] - half, ci_high = tests[, 1] + half)
  rownames(table) <- c("intercept", "x", "x2", setdiff(names(d), c("x", "y")))
  u <- u_test(fit, V, df, range(d$x)); rownames(u$ends) <- c("lower", "upper")
  lines <- two_lines(d, cluster)
  r2 <- summary(fit)$r.squared
  case(id, "Curvilinear relation", call, list(
    coefficients = table, r2 = c(r2 = r2, delta_r2 = r2 - summary(lm(y ~ . , d))$r.squared),
    ends = u$ends, turning = c(u$turning, u_pvalue = u$u_pvalue), lines = lines$lines, at = lines$at
  ))
}

call <- "lm(y ~ x + I(x^2) + z); coeftest; u-test and Fieller (Lind & Mehlum, 2010); mgcv::gam and two lines (Simonsohn, 2018)  # %s"
i <- 1:200
made <- data.frame(y = -(seq(1, 5, length.out = 200) - 3.5)^2 + 1.5 * sin(37 * i), x = seq(1, 5, length.out = 200))
curve_case("inverse_u", sprintf(call, "x <- seq(1, 5, length.out = 200), y <- -(x - 3.5)^2 + 1.5 * sin(37 * 1:200)"), made)
curve_case("inverse_u_hc3", sprintf(call, "the same, errors HC3"), made, "HC3")
hs <- read_data("hs1939.csv")
curve_case("hs1939", sprintf(call, "hs1939, x9 on x7 with age and sex, errors HC1"),
           data.frame(y = hs$x9, x = hs$x7, ageyr = hs$ageyr, sex = hs$sex), "HC1")
curve_case("hs1939_cluster", sprintf(call, "hs1939, x9 on x1, clusters agemo"), data.frame(y = hs$x9, x = hs$x1), "cluster", hs$agemo)
bfi <- read_data("bfi.csv")
curve_case("bfi_age", sprintf(call, "bfi, mean of N1 to N5 on age, with gender"),
           data.frame(y = rowMeans(bfi[paste0("N", 1:5)]), x = bfi$age, gender = bfi$gender))
curve_case("bfi_item", sprintf(call, "bfi, N2 on N1: six values of x"), data.frame(y = bfi$N2, x = bfi$N1))
attitude <- read_data("attitude.csv")
curve_case("attitude", sprintf(call, "attitude, rating on advance: thirty cases"), data.frame(y = attitude$rating, x = attitude$advance))
