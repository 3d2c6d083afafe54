# Alignment by the formula of Asparouhov and Muthén (2014), minimised by optim(): no package for it
# is at hand. Each group has a model of its own from lavaan, its factor with mean 0 and variance 1.
suppressMessages(library(lavaan))

bfi <- read_data("bfi.csv")
items <- list(neuro = paste0("N", 1:5), extra = paste0("E", 1:5))
bfi <- bfi[complete.cases(bfi[c(unlist(items), "education")]), ]
# In the order of the first person of each, as groups are numbered.
groups <- unique(bfi$education)
sizes <- sapply(groups, function(g) sum(bfi$education == g))
epsilon <- 0.01
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)

configural <- function(own) {
  p <- length(own)
  model <- paste("f =~", paste(own, collapse = " + "))
  fits <- lapply(groups, function(g) cfa(model, bfi[bfi$education == g, ], std.lv = TRUE, meanstructure = TRUE, control = tight))
  # All factors point as that of the first group.
  turn <- sapply(fits, function(fit) sign(sum(coef(fit)[1:p] * coef(fits[[1]])[1:p])))
  lambda <- t(sapply(seq_along(fits), function(g) turn[g] * coef(fits[[g]])[paste0("f=~", own)]))
  nu <- t(sapply(fits, function(fit) coef(fit)[paste0(own, "~1")]))
  # Covariance of all loadings, group by group, then of all intercepts.
  spread <- matrix(0, 2 * length(lambda), 2 * length(lambda))
  for (g in seq_along(fits)) {
    at <- c((g - 1) * p + 1:p, length(lambda) + (g - 1) * p + 1:p)
    flip <- c(rep(turn[g], p), rep(1, p))
    spread[at, at] <- vcov(fits[[g]])[c(paste0("f=~", own), paste0(own, "~1")), c(paste0("f=~", own), paste0(own, "~1"))] * outer(flip, flip)
  }
  list(lambda = lambda, nu = nu, spread = spread)
}

pairs <- combn(length(groups), 2)
weight <- sqrt(sizes[pairs[1, ]] * sizes[pairs[2, ]])

# Free are the means (all but the first, or all) and all log standard deviations but the last,
# which makes their sum 0.
unpack <- function(x, free) {
  k <- length(groups)
  alpha <- if (free) x[1:k] else c(0, x[1:(k - 1)])
  logs <- x[(length(x) - k + 2):length(x)]
  list(alpha = alpha, sd = exp(c(logs, -sum(logs))))
}
aligned <- function(x, free, lambda, nu) {
  at <- unpack(x, free)
  own <- lambda / at$sd
  list(lambda = own, nu = nu - at$alpha * own)
}
loss <- function(x, free, lambda, nu) {
  one <- aligned(x, free, lambda, nu)
  total <- 0
  for (part in one) {
    gap <- part[pairs[1, ], ] - part[pairs[2, ], ]
    total <- total + sum(weight * sqrt(sqrt(gap^2 + epsilon)))
  }
  total
}
# By the chain rule; each pair adds to one group and takes from the other.
slope <- function(x, free, lambda, nu) {
  k <- length(groups)
  at <- unpack(x, free)
  one <- aligned(x, free, lambda, nu)
  by <- lapply(one, function(part) {
    gap <- part[pairs[1, ], ] - part[pairs[2, ], ]
    move <- weight * 0.5 * gap * (gap^2 + epsilon)^(-0.75)
    found <- matrix(0, k, ncol(part))
    for (i in seq_len(ncol(pairs))) {
      found[pairs[1, i], ] <- found[pairs[1, i], ] + move[i, ]
      found[pairs[2, i], ] <- found[pairs[2, i], ] - move[i, ]
    }
    found
  })
  mean <- -rowSums(by$nu * one$lambda)
  log <- rowSums((-by$lambda + by$nu * at$alpha) * one$lambda)
  c(if (free) mean else mean[-1], log[-k] - log[k])
}

for (name in names(items)) {
  own <- configural(items[[name]])
  for (method in c("fixed", "free")) {
    free <- method == "free"
    size <- 2 * length(groups) - 2 + free
    best <- NULL
    set.seed(1)
    for (start in 1:60) {
      x <- if (start == 1) rep(0, size) else rnorm(size, sd = 0.4)
      for (again in 1:3) {
        found <- optim(x, loss, slope, free = free, lambda = own$lambda, nu = own$nu, method = "BFGS", control = list(reltol = 1e-15, maxit = 5000))
        x <- found$par
      }
      if (is.null(best) || found$value < best$value - 1e-9) best <- found
    }
    # Newton's steps to the bottom.
    hessian <- function(x) {
      h <- 1e-5
      H <- sapply(seq_along(x), function(j) {
        e <- replace(numeric(length(x)), j, h)
        (slope(x + e, free, own$lambda, own$nu) - slope(x - e, free, own$lambda, own$nu)) / (2 * h)
      })
      (H + t(H)) / 2
    }
    x <- best$par
    for (step in 1:5) x <- x - solve(hessian(x), slope(x, free, own$lambda, own$nu))
    stopifnot(max(abs(slope(x, free, own$lambda, own$nu))) < 1e-6)
    at <- unpack(x, free)
    one <- aligned(x, free, own$lambda, own$nu)
    # The first group's variance is 1 in what is shown.
    unit <- at$sd[1]
    shown <- function(x) {
      at <- unpack(x, free)
      c(at$alpha / at$sd[1], (at$sd / at$sd[1])^2)
    }
    # How the minimum moves with the groups' loadings and intercepts.
    h <- 1e-5
    inputs <- length(own$lambda)
    crossed <- sapply(seq_len(2 * inputs), function(j) {
      both <- sapply(c(1, -1), function(side) {
        # Group by group, as the covariance is.
        change <- matrix(replace(numeric(inputs), if (j <= inputs) j else j - inputs, side * h), nrow(own$lambda), byrow = TRUE)
        if (j <= inputs) slope(x, free, own$lambda + change, own$nu) else slope(x, free, own$lambda, own$nu + change)
      })
      (both[, 1] - both[, 2]) / (2 * h)
    })
    moved <- -solve(hessian(x), crossed)
    jacobian <- sapply(seq_along(x), function(j) {
      e <- replace(numeric(length(x)), j, h)
      (shown(x + e) - shown(x - e)) / (2 * h)
    })
    se <- sqrt(diag(jacobian %*% moved %*% own$spread %*% t(moved) %*% t(jacobian)))
    k <- length(groups)
    table <- cbind(mean = at$alpha / unit, variance = (at$sd / unit)^2, se = se[1:k], se_variance = se[k + 1:k])
    rownames(table) <- groups
    matrices <- lapply(list(loading = one$lambda * unit, intercept = one$nu), function(part) {
      dimnames(part) <- list(groups, items[[name]])
      part
    })
    case(
      paste(name, method, sep = "/"), "Alignment of many groups",
      "optim() of Asparouhov and Muthen's (2014) simplicity function of lavaan's configural estimates",
      c(list(
        table = table, simplicity = loss(x, free, own$lambda, own$nu) / (2 * length(items[[name]]) * sum(weight))
      ), matrices)
    )
  }
}
