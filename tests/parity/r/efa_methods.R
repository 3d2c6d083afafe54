suppressMessages({
  library(psych)
  library(GPArotation)
})

# optim, with which psych extracts, stops at 1e7 times the machine precision; here it runs
# to its limit.
local({
  imports <- parent.env(asNamespace("psych"))
  unlockBinding("optim", imports)
  assign("optim", function(..., control) {
    stats::optim(..., control = c(control, list(factr = 10, maxit = 10000)))
  }, envir = imports)
})

# psych's minrank needs Rcsdp for the minimum-trace problem, max sum(psi) with R - diag(psi)
# positive semidefinite and psi >= 0. This solves its dual, min tr(R V V') over V with rows of
# length 1 or more, and what psych does afterwards is psych's own code.
minimum_trace <- function(R) {
  p <- nrow(R)
  parts <- function(v) {
    W <- matrix(v[1:(p * p)], p)
    size <- sqrt(rowSums(W^2))
    s <- v[p * p + 1:p]
    list(U = W / size, size = size, s = s, length = sqrt(1 + s^2))
  }
  value <- function(v) {
    x <- parts(v)
    sum(R * tcrossprod(x$U * x$length))
  }
  slope <- function(v) {
    x <- parts(v)
    G <- 2 * R %*% (x$U * x$length)
    along <- rowSums(G * x$U)
    c(as.vector((G - x$U * along) * x$length / x$size), along * x$s / x$length)
  }
  set.seed(1)
  v <- c(rnorm(p * p), rep(.1, p))
  for (i in 1:20) {
    found <- optim(v, value, slope, method = "L-BFGS-B", control = list(maxit = 5000, factr = 1, pgtol = 0, lmm = 50))
    v <- found$par
  }
  x <- parts(v)
  V <- x$U * x$length
  psi <- rowSums((R %*% V) * V) / rowSums(V^2)
  # The certificate of an optimum: feasible, and without a gap.
  stopifnot(min(psi) > -1e-6, min(eigen(R - diag(psi))$values) > -1e-6, abs(found$value - sum(psi)) < 1e-6)
  list(solution = 1 - psi)
}
local({
  space <- asNamespace("psych")
  unlockBinding("glb.algebraic", space)
  assign("glb.algebraic", function(Cov, ...) minimum_trace(Cov), envir = space)
})

read_matrix <- function(name) as.matrix(data.frame(read_data(name), row.names = 1))
sources <- list(
  bfi = list(r = cor(na.omit(read_data("bfi.csv")[, 1:25])), n = nrow(na.omit(read_data("bfi.csv")[, 1:25]))),
  hs1939 = list(r = cor(read_data("hs1939.csv")[, paste0("x", 1:9)]), n = 301),
  attitude = list(r = cor(read_data("attitude.csv")), n = 30),
  harman74 = list(r = read_matrix("harman74.csv"), n = 145),
  ability = list(r = read_matrix("ability.csv"), n = 112)
)
designs <- list(
  list("bfi", 5, c("uls", "alpha", "minrank")),
  list("hs1939", 3, c("uls", "alpha", "minrank")),
  list("attitude", 2, c("minres", "uls", "ml", "pa", "alpha", "minrank")),
  list("harman74", 4, c("minres", "uls", "ml", "pa", "alpha", "minrank")),
  list("ability", 2, c("minres", "uls", "ml", "pa", "alpha", "minrank"))
)
named <- function(x, rows, m) {
  x <- unclass(x)
  dimnames(x) <- list(rows, paste0("F", seq_len(m)))
  x
}
for (design in designs) {
  name <- design[[1]]
  m <- design[[2]]
  r <- sources[[name]]$r
  n <- sources[[name]]$n
  for (fm in design[[3]]) {
    f <- suppressWarnings(fa(r, m, n.obs = n, fm = fm, rotate = "none", min.err = 1e-13, max.iter = 50000))
    v <- f$Vaccounted
    colnames(v) <- paste0("F", seq_len(m))
    reduced <- r
    diag(reduced) <- f$communality
    excess <- max(f$STATISTIC - f$dof, 0)
    case(
      sprintf("%s/%d/%s", name, m, fm), paste0("Factor extraction, ", fm),
      sprintf(
        'fa(r, %d, n.obs = %d, fm = "%s", rotate = "none"%s) # %s%s', m, n, fm,
        if (fm %in% c("pa", "alpha")) ", min.err = 1e-13, max.iter = 50000" else "", name,
        if (fm == "minrank") ", minimum trace by its dual instead of Rcsdp" else ""
      ),
      list(
        loadings = named(f$loadings, colnames(r), m), communalities = f$communality,
        uniquenesses = f$uniquenesses, complexity = f$complexity, variance = v,
        eigenvalues = eigen(r)$values,
        # What psych returns as values with fm = "alpha" are those of another matrix.
        common_eigenvalues = if (fm == "alpha") eigen(reduced)$values else f$values,
        residuals = f$residual,
        chisq = f$STATISTIC, df = f$dof, pvalue = f$PVAL, chisq_empirical = f$chi,
        null_chisq = f$null.chisq, null_df = f$null.dof, rmsr = f$rms,
        rmsea = unname(f$RMSEA[1]), rmsea_low = unname(f$RMSEA[2]), rmsea_high = unname(f$RMSEA[3]),
        tli = f$TLI, bic = f$BIC,
        cfi = 1 - excess / max(f$null.chisq - f$null.dof, excess)
      )
    )
  }
}
