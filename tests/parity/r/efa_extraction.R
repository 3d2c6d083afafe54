suppressMessages(library(psych))

blocks <- list(
  bfi = read_data("bfi.csv")[, 1:25],
  hs1939 = read_data("hs1939.csv")[, paste0("x", 1:9)],
  spi_trust = read_data("spi_trust.csv")[, c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
)
designs <- list(
  list("bfi", "complete", 5), list("bfi", "pairwise", 5), list("bfi", "complete", 1),
  list("hs1939", "complete", 3), list("spi_trust", "complete", 1), list("spi_trust", "complete", 2)
)
named <- function(x, rows, m) {
  x <- unclass(x)
  dimnames(x) <- list(rows, paste0("F", seq_len(m)))
  x
}

for (design in designs) {
  name <- design[[1]]
  use <- design[[2]]
  m <- design[[3]]
  x <- blocks[[name]]
  if (use == "complete") x <- na.omit(x)
  for (fm in c("minres", "ml", "pa")) {
    # psych stops principal axes at min.err = .001 or 50 iterations; run them to the limit.
    f <- suppressWarnings(
      fa(x, m, fm = fm, rotate = "none", min.err = 1e-13, max.iter = 50000)
    )
    v <- f$Vaccounted
    if (m == 1) v <- v[1:2, , drop = FALSE]
    colnames(v) <- paste0("F", seq_len(m))
    excess <- max(f$STATISTIC - f$dof, 0)
    case(
      sprintf("%s/%s/%d/%s", name, use, m, fm), paste0("Factor extraction, ", fm),
      sprintf(
        'fa(%s, %d, fm = "%s", rotate = "none"%s)', if (use == "complete") sprintf("na.omit(%s)", name) else name,
        m, fm, if (fm == "pa") ", min.err = 1e-13, max.iter = 50000" else ""
      ),
      list(
        loadings = named(f$loadings, colnames(x), m), communalities = f$communality,
        uniquenesses = f$uniquenesses, complexity = f$complexity, variance = v,
        eigenvalues = f$e.values, common_eigenvalues = f$values,
        residuals = f$residual,
        chisq = f$STATISTIC, df = f$dof, pvalue = f$PVAL, chisq_empirical = f$chi,
        null_chisq = f$null.chisq, null_df = f$null.dof, rmsr = f$rms,
        rmsea = unname(f$RMSEA[1]), rmsea_low = unname(f$RMSEA[2]), rmsea_high = unname(f$RMSEA[3]),
        tli = f$TLI, bic = f$BIC,
        # psych 2.2.9 gives no CFI; this is the definition, from its own statistics.
        cfi = 1 - excess / max(f$null.chisq - f$null.dof, excess)
      )
    )
  }
  if (use == "complete") {
    # A second, independent maximum likelihood, with its optimiser run tighter than by default.
    a <- factanal(x, m, rotation = "none", control = list(opt = list(factr = 10, maxit = 10000)))
    case(
      sprintf("%s/%s/%d/factanal", name, use, m), "Factor extraction, ml",
      sprintf("factanal(na.omit(%s), %d, control = list(opt = list(factr = 10)))", name, m),
      list(uniquenesses = a$uniquenesses, chisq = unname(a$STATISTIC), df = a$dof)
    )
  }
}
