# What psych has of the criteria (map, model statistics), and the formulas of the others as
# their papers give them.
suppressMessages(library(psych))

blocks <- list(
  bfi = read_data("bfi.csv")[, 1:25],
  hs1939 = read_data("hs1939.csv")[, paste0("x", 1:9)],
  spi_trust = read_data("spi_trust.csv")[, c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
)

# Velicer (1976); Velicer, Eaton & Fava (2000): mean squared and mean fourth power of the
# partial correlations given the first m principal components, with m = 0 among them.
partials <- function(R) {
  p <- ncol(R)
  e <- eigen(R)
  load <- e$vectors %*% diag(sqrt(e$values))
  sapply(0:(p - 1), function(m) {
    # What the later components hold; taking the first ones off R would leave rounding.
    left <- tcrossprod(load[, (m + 1):p, drop = FALSE])
    r <- cov2cor(left)[lower.tri(R)]
    c(squared = mean(r^2), fourth = mean(r^4))
  })
}

# Braeken & van Assen (2017).
ekc <- function(l, n) {
  p <- length(l)
  ref <- numeric(p)
  for (j in 1:p) {
    before <- if (j == 1) 0 else sum(l[1:(j - 1)])
    ref[j] <- max((p - before) / (p - j + 1) * (1 + sqrt(p / n))^2, 1)
  }
  ref
}

# Raiche et al. (2013).
bends <- function(l) c(NA, diff(diff(l)), NA)
ahead <- function(l) {
  p <- length(l)
  c(sapply(1:(p - 2), function(i) {
    line <- lm(y ~ x, data.frame(x = c(i + 1, p), y = l[c(i + 1, p)]))
    unname(predict(line, data.frame(x = i)))
  }), NA, NA)
}

first_false <- function(x) if (all(x)) length(x) else which(!x)[1] - 1

# Lorenzo-Seva, Timmerman & Kiers (2011): f by number of parameters.
hull <- function(f, parameters) {
  s <- data.frame(m = seq_along(f) - 1, f = f, q = parameters)
  keep <- sapply(seq_along(f), function(i) all(f[seq_len(i - 1)] < f[i]))
  s <- s[keep, ]
  repeat {
    k <- nrow(s)
    if (k < 3) break
    under <- sapply(2:(k - 1), function(i) {
      line <- s$f[i - 1] + (s$q[i] - s$q[i - 1]) *
        (s$f[i + 1] - s$f[i - 1]) / (s$q[i + 1] - s$q[i - 1])
      s$f[i] <= line
    })
    if (!any(under)) break
    s <- s[-(which(under)[1] + 1), ]
  }
  k <- nrow(s)
  st <- rep(NA_real_, length(f))
  if (k >= 3) for (i in 2:(k - 1)) {
    st[s$m[i] + 1] <- ((s$f[i] - s$f[i - 1]) / (s$q[i] - s$q[i - 1])) /
      ((s$f[i + 1] - s$f[i]) / (s$q[i + 1] - s$q[i]))
  }
  st
}

caf <- function(R, load) {
  rest <- R - tcrossprod(load)
  diag(rest) <- 1
  1 - KMO(rest)$MSA
}

for (name in names(blocks)) {
  for (use in c("complete", "pairwise")) {
    x <- blocks[[name]]
    if (use == "complete") x <- na.omit(x)
    n <- nrow(x)
    p <- ncol(x)
    R <- cor(x, use = "pairwise")
    l <- eigen(R)$values
    call <- if (use == "complete") sprintf("x <- na.omit(%s)", name) else sprintf("x <- %s", name)
    id <- paste(name, use, sep = "/")

    v <- suppressMessages(suppressWarnings(
      vss(x, n = p, fm = "pc", rotate = "none", plot = FALSE)
    ))
    a <- partials(R)
    case(
      paste(id, "map", sep = "/"), "Minimum average partial",
      sprintf("%s; vss(x, n = ncol(x))$map; fourth powers by hand", call),
      list(
        psych = v$map[1:(p - 1)], squared = a["squared", ], fourth = a["fourth", ],
        n_factors = which.min(a["squared", ]) - 1, n_revised = which.min(a["fourth", ]) - 1
      )
    )
    case(
      paste(id, "eigenvalues", sep = "/"), "Rules on eigenvalues",
      sprintf("%s; l <- eigen(cor(x, use = \"pairwise\"))$values; formulas of the papers", call),
      list(
        eigenvalues = l, ekc = ekc(l, n), acceleration = bends(l), optimal = ahead(l),
        n_ekc = first_false(l > ekc(l, n)), n_kaiser = sum(l > 1),
        n_acceleration = which.max(bends(l)) - 1,
        n_optimal = first_false(c(l[1:(p - 2)] > ahead(l)[1:(p - 2)], FALSE, FALSE) & l >= 1)
      )
    )

    # Models with 0 to as many factors as leave a degree of freedom, at most 7.
    most <- max(Filter(function(m) ((p - m)^2 - p - m) / 2 > 0, 1:7))
    stats <- t(sapply(1:most, function(m) {
      f <- suppressMessages(suppressWarnings(fa(
        R, m, n.obs = n, fm = "mle", rotate = "none", np.obs = NULL
      )))
      # psych starts its search once; where that ends in a local minimum, factanal's best of
      # several starts is lower and takes its place.
      set.seed(m)
      g <- tryCatch(
        factanal(
          factors = m, covmat = list(cov = R, n.obs = n), rotation = "none",
          control = list(nstart = 10, lower = 0.005)
        ),
        error = function(e) NULL
      )
      if (!is.null(g) && g$STATISTIC < f$STATISTIC - 0.01) {
        f$STATISTIC <- unname(g$STATISTIC)
        f$PVAL <- unname(g$PVAL)
        f$RMSEA <- sqrt(max(f$STATISTIC / (f$dof * n) - 1 / (n - 1), 0))
        f$BIC <- f$STATISTIC - f$dof * log(n)
      }
      c(
        df = f$dof, chisq = f$STATISTIC, pvalue = f$PVAL, rmsea = unname(f$RMSEA[1]),
        bic = f$BIC, null_chisq = f$null.chisq, null_df = f$null.dof
      )
    }))
    null <- stats[1, c("null_chisq", "null_df")]
    df <- c(null[2], stats[, "df"])
    # psych's null.chisq has no Bartlett correction for small samples on every path.
    chisq <- c(-log(det(R)) * (n - 1 - (2 * p + 5) / 6), stats[, "chisq"])
    over <- pmax(chisq - df, 0)
    cfi <- 1 - over / pmax(over[1], over)
    rmsea <- sqrt(pmax(chisq / (df * n) - 1 / (n - 1), 0))
    aic <- chisq - 2 * df
    bic <- chisq - log(n) * df
    limit <- most
    cafs <- c(
      1 - KMO(R)$MSA,
      sapply(1:limit, function(m) {
        load <- suppressMessages(suppressWarnings(
          fa(R, m, n.obs = n, fm = "minres", rotate = "none")
        ))$loadings
        caf(R, unclass(load))
      })
    )
    parameters <- p * (0:limit) - (0:limit) * ((0:limit) - 1) / 2
    case(
      paste(id, "models", sep = "/"), "Models with 0, 1, 2, … factors",
      sprintf(
        "%s; nfactors(x, n = %d, fm = \"mle\", rotate = \"none\"); fa(x, m, fm = \"minres\")",
        call, most
      ),
      list(
        df = unname(df), chisq = unname(chisq), pvalue = unname(stats[, "pvalue"]),
        rmsea = unname(rmsea), bic = unname(bic), aic = unname(aic), cfi = unname(cfi),
        rmsea_psych = unname(stats[, "rmsea"]), bic_psych = unname(stats[, "bic"]),
        caf = cafs, most = most,
        hull_caf = hull(cafs, parameters),
        hull_cfi = hull(cfi[1:(limit + 1)], parameters),
        hull_rmsea = hull(-rmsea[1:(limit + 1)], parameters)
      )
    )
  }
}
