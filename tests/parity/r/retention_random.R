# Random criteria, with enough repetitions to compare means: comparison data as Ruscio and
# Roche (2012) describe them, with a population of 100,000; parallel analysis against permuted
# answers; psych's parallel analysis on polychoric correlations.
suppressMessages(library(psych))

# Principal axes, iterated as in the program of the paper.
axes <- function(R, m, rounds = 50, enough = 1e-3) {
  h <- 1 - 1 / diag(solve(R + diag(1e-8, ncol(R))))
  for (i in seq_len(rounds)) {
    reduced <- R
    diag(reduced) <- h
    e <- eigen(reduced, symmetric = TRUE)
    load <- e$vectors[, 1:m, drop = FALSE] %*%
      diag(sqrt(pmax(e$values[1:m], 0)), m)
    new <- pmin(rowSums(load^2), 1)
    if (max(abs(new - h)) < enough) break
    h <- new
  }
  load
}

# A population of `size` with m factors, the margins of x, and its correlations if possible.
population <- function(x, m, size) {
  p <- ncol(x)
  target <- cor(x)
  margins <- apply(x, 2, function(y) sort(sample(y, size, replace = TRUE)))
  shared <- matrix(rnorm(size * m), size)
  own <- matrix(rnorm(size * p), size)
  give <- function(R) {
    load <- pmax(pmin(axes(R, m), 1), -1)
    data <- shared %*% t(load) + own %*% diag(sqrt(pmax(1 - rowSums(load^2), 0)))
    sapply(1:p, function(j) margins[rank(data[, j], ties.method = "first"), j])
  }
  now <- best <- target
  least <- 1
  trials <- 0
  while (trials < 5) {
    data <- give(now)
    residual <- target - cor(data)
    rms <- sqrt(mean(residual[lower.tri(residual)]^2))
    if (rms < least) {
      least <- rms
      best <- now
      missed <- residual
      now <- now + residual
      trials <- 0
    } else {
      trials <- trials + 1
      now <- best + 0.5^trials * missed
    }
  }
  give(best)
}

distances <- function(x, m, size = 1e5, samples = 500) {
  pop <- population(x, m, size)
  l <- eigen(cor(x), only.values = TRUE)$values
  replicate(samples, {
    y <- pop[sample(size, nrow(x), replace = TRUE), ]
    sqrt(mean((eigen(cor(y), only.values = TRUE)$values - l)^2))
  })
}

blocks <- list(
  bfi = na.omit(read_data("bfi.csv")[, 1:25]),
  hs1939 = na.omit(read_data("hs1939.csv")[, paste0("x", 1:9)]),
  spi_trust = na.omit(read_data("spi_trust.csv")[, c("q_1855", "q_4289", "q_377", "q_379", "q_871")])
)
largest <- c(bfi = 6, hs1939 = 4, spi_trust = 2)

for (name in names(blocks)) {
  x <- as.matrix(blocks[[name]])
  set.seed(1)
  d <- lapply(1:largest[[name]], function(m) distances(x, m))
  case(
    paste(name, "comparison", sep = "/"), "Comparison data",
    sprintf("x <- na.omit(%s); comparison data, population 100,000, 500 samples", name),
    list(rmse = sapply(d, mean), error = sapply(d, sd) / sqrt(500))
  )
  set.seed(1)
  permuted <- replicate(300, eigen(cor(apply(x, 2, sample)), only.values = TRUE)$values)
  case(
    paste(name, "permutation", sep = "/"), "Parallel analysis, permuted answers",
    sprintf("x <- na.omit(%s); replicate(300, eigen(cor(apply(x, 2, sample)))$values)", name),
    list(mean = rowMeans(permuted), spread = apply(permuted, 1, sd))
  )
}

for (name in c("bfi", "spi_trust")) {
  x <- blocks[[name]]
  if (name == "bfi") x <- x[, 1:10]
  set.seed(1)
  invisible(capture.output(
    p <- suppressWarnings(suppressMessages(
      fa.parallel(x, cor = "poly", n.iter = 60, plot = FALSE, sim = FALSE)
    ))
  ))
  case(
    paste(name, "polychoric", sep = "/"), "Parallel analysis, polychoric",
    sprintf(
      "x <- na.omit(%s)%s; set.seed(1); fa.parallel(x, cor = \"poly\", n.iter = 60, sim = FALSE)",
      name, if (name == "bfi") "[, 1:10]" else ""
    ),
    list(
      components = p$pc.values, factors = p$fa.values,
      random_components = p$pc.simr, random_factors = p$fa.simr
    )
  )
}
