suppressMessages(library(lavaan))

# Samples of populations with and without what the model leaves out, each fitted by lavaan.
samples <- 1000
indices <- c("srmr", "rmsea", "cfi")
shares <- c(.05, .10, .25, .50, .75, .90, .95)
population <- function(lambda, psi, theta) lambda %*% psi %*% t(lambda) + theta
simulated <- function(sigma, n, model) {
  draws <- rWishart(samples, n - 1, sigma) / n
  found <- t(sapply(seq_len(samples), function(i) {
    S <- draws[, , i]; dimnames(S) <- dimnames(sigma)
    fit <- suppressWarnings(cfa(model, sample.cov = S, sample.nobs = n, sample.cov.rescale = FALSE, se = "none"))
    if (lavInspect(fit, "converged")) fitMeasures(fit, indices) else rep(NA_real_, 3)
  }))
  colnames(found) <- indices
  found[stats::complete.cases(found), ]
}
# Quantiles, and their standard errors from half the distance between the order statistics that
# lie one standard error of the share apart on each side.
quantiles <- function(found) {
  n <- nrow(found); half <- sqrt(shares * (1 - shares) / n)
  at <- function(p) apply(found, 2, quantile, probs = pmin(pmax(p, 0), 1), names = FALSE)
  values <- at(shares); errors <- (at(shares + half) - at(shares - half)) / 2
  dimnames(values) <- dimnames(errors) <- list(as.character(shares), indices)
  list(quantiles = values, errors = errors, mean = colMeans(found), sd = apply(found, 2, sd), samples = n)
}
run <- function(id, n, model, populations) {
  set.seed(20)
  for (level in names(populations)) {
    found <- simulated(populations[[level]], n, model)
    case(paste(id, level, sep = "/"), "Dynamic cut-offs",
         sprintf("1,000 of cfa(model, sample.cov = rWishart(1, %d, population) / %d, sample.nobs = %d)", n - 1, n, n),
         c(list(population = populations[[level]]), quantiles(found)))
  }
}
named <- function(S, names) { dimnames(S) <- list(names, names); S }

# One factor of six items: residual correlations of .30 in one, two and three pairs.
l <- c(.75, .7, .65, .6, .55, .5); left <- 1 - l^2
one <- function(pairs) {
  theta <- diag(left)
  for (k in seq_len(pairs)) { i <- 2 * k - 1; theta[i, i + 1] <- theta[i + 1, i] <- .3 * sqrt(left[i] * left[i + 1]) }
  named(l %o% l + theta, paste0("x", 1:6))
}
run("one", 200, "f =~ x1 + x2 + x3 + x4 + x5 + x6",
    list(correct = one(0), "1 residual correlation" = one(1), "2 residual correlations" = one(2), "3 residual correlations" = one(3)))

# Three factors of three items: each factor's weakest item also loads on the next factor, as that
# factor's weakest item does, and its variance stays what it was.
lambda <- matrix(0, 9, 3); lambda[cbind(1:9, rep(1:3, each = 3))] <- c(.8, .7, .6, .75, .65, .5, .7, .45, .8)
psi <- matrix(c(1, .3, .2, .3, 1, .4, .2, .4, 1), 3)
three <- function(crossed) {
  found <- lambda
  if (crossed > 0) found[3, 2] <- .5
  if (crossed > 1) found[6, 3] <- .45
  common <- found %*% psi %*% t(found)
  named(common + diag(1 - diag(common)), paste0("y", 1:9))
}
run("three", 300, "f =~ y1 + y2 + y3\ng =~ y4 + y5 + y6\nh =~ y7 + y8 + y9",
    list(correct = three(0), "1 cross-loading" = three(1), "2 cross-loadings" = three(2)))
