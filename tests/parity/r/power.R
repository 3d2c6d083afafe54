suppressMessages({library(lavaan); library(semTools)})

# Tests of fit: closed forms.
for (run in list(c(.05, .08, .05), c(0, .05, .05), c(.05, .10, .01), c(.01, .06, .10))) {
  for (df in c(1, 2, 24, 120, 850)) {
    n <- c(10, 50, 200, 1000)
    values <- cbind(
      close_fit = sapply(n, function(m) findRMSEApower(run[1], run[2], df, m, run[3])),
      not_close = sapply(n, function(m) pchisq(qchisq(run[3], df, (m - 1) * df * run[2]^2), df, (m - 1) * df * run[1]^2)),
      exact = sapply(n, function(m) findRMSEApower(0, run[2], df, m, run[3]))
    )
    rownames(values) <- n
    case(sprintf("fit/%d/%s", df, paste(run, collapse = "/")), "Power of tests of fit",
         sprintf("findRMSEApower(%g, %g, %d, n, alpha = %g)", run[1], run[2], df, run[3]), list(power = values))
  }
}

# Parameters. Half of them are small, so that power lies between.
truth <- "f =~ 0.7*a1 + 0.6*a2 + 0.8*a3 + 0.5*a4\ng =~ 0.8*b1 + 0.7*b2 + 0.6*b3 + 0.07*a4
f ~~ 1*f + 0.06*g\ng ~~ 1*g\nh =~ 0.7*c1 + 0.7*c2 + 0.7*c3\nh ~ 0.08*f + 0.05*g\nh ~~ 0.9*h
a1 ~~ 0.51*a1 + 0.02*b1\na2 ~~ 0.64*a2\na3 ~~ 0.36*a3\na4 ~~ 0.75*a4\nb1 ~~ 0.36*b1\nb2 ~~ 0.51*b2\nb3 ~~ 0.64*b3
c1 ~~ 0.51*c1\nc2 ~~ 0.51*c2\nc3 ~~ 0.51*c3"
model <- "f =~ a1 + a2 + a3 + a4\ng =~ b1 + b2 + b3 + a4\nf ~~ g\na1 ~~ b1\nh =~ c1 + c2 + c3\nh ~ f + g"
sigma <- unclass(fitted(lavaan(truth, sample.nobs = 1000))$cov)
attr(sigma, "header") <- NULL
fit_to <- function(S, n, m = model, ...) sem(m, sample.cov = S, sample.nobs = n, sample.cov.rescale = FALSE, ...)
keys <- function(fit) { p <- parTable(fit); p <- p[p$free > 0, ]; paste(p$lhs, p$op, p$rhs) }

# Large samples: Wald's power from errors at the population's moments; and the power of the
# difference of chi-squares, by Satorra and Saris.
n <- 3000
fit <- fit_to(sigma, n)
est <- coef(fit); se <- sqrt(diag(vcov(fit))); z <- qnorm(.975)
values <- cbind(population = est, se = se, power = pnorm(est / se - z) + pnorm(-est / se - z))
rownames(values) <- keys(fit)
without <- list("f ~~ g" = "f ~~ 0*g", "a1 ~~ b1" = "a1 ~~ 0*b1", "g =~ a4" = "g =~ 0*a4", "h ~ f" = "h ~ 0*f", "h ~ g" = "h ~ 0*g")
satorra <- sapply(without, function(fixed) {
  # A later line of the model sets what an earlier one frees.
  m <- if (fixed == "g =~ 0*a4") sub("b3 + a4", "b3", model, fixed = TRUE) else paste(sub(sub("0*", "", fixed, fixed = TRUE), "", sub("h ~ f + g", "h ~ f\nh ~ g", model, fixed = TRUE), fixed = TRUE), fixed, sep = "\n")
  SSpower(m, n, 1, Sigma = sigma, fun = "sem", sample.cov.rescale = FALSE)
})
case("large", "Power of parameters", "sem(model, sample.cov = population, sample.nobs = 3000); SSpower(restricted, 3000, 1, Sigma = population)",
     list(cov = sigma, parameters = values, satorra_saris = satorra))

# Small samples: the same simulation, each sample fitted by lavaan.
set.seed(1); n <- 150; draws <- rWishart(1500, n - 1, sigma) / n
found <- lapply(1:1500, function(i) {
  S <- draws[, , i]; dimnames(S) <- dimnames(sigma)
  fit <- try(suppressWarnings(fit_to(S, n, baseline = FALSE, h1 = FALSE, test = "none")), silent = TRUE)
  if (inherits(fit, "try-error") || !lavInspect(fit, "converged")) return(NULL)
  rbind(coef(fit), suppressWarnings(sqrt(diag(vcov(fit)))))
})
found <- Filter(function(x) !is.null(x) && all(is.finite(x)), found)
e <- t(sapply(found, function(x) x[1, ])); s <- t(sapply(found, function(x) x[2, ]))
values <- cbind(estimate = colMeans(e), sd = apply(e, 2, sd), se = colMeans(s),
                coverage = rowMeans(abs(t(e) - est) <= z * t(s)), power = colMeans(abs(e) > z * s), spread_of_se = apply(s, 2, sd))
rownames(values) <- keys(fit)
case("small", "Power of parameters", "1,500 samples of 150: sem(model, sample.cov = rWishart(1, 149, population) / 150, sample.nobs = 150)",
     list(parameters = values, samples = length(found)))
