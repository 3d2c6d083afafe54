suppressMessages({
  library(psych)
  library(GPArotation)
})
local({
  imports <- parent.env(asNamespace("psych"))
  unlockBinding("optim", imports)
  assign("optim", function(..., control) {
    stats::optim(..., control = c(control, list(factr = 10, maxit = 10000)))
  }, envir = imports)
})

read_matrix <- function(name) as.matrix(data.frame(read_data(name), row.names = 1))
sources <- list(
  bfi = list(r = cor(na.omit(read_data("bfi.csv")[, 1:25])), m = 5),
  harman74 = list(r = read_matrix("harman74.csv"), m = 4),
  hs1939 = list(r = cor(read_data("hs1939.csv")[, paste0("x", 1:9)]), m = 3),
  attitude = list(r = cor(read_data("attitude.csv")), m = 2),
  ability = list(r = read_matrix("ability.csv"), m = 2),
  spi_trust = list(r = cor(na.omit(read_data("spi_trust.csv")[, c("q_1855", "q_4289", "q_377", "q_379", "q_871")])), m = 2)
)
# Somewhere here the criterion's own rounding hides the gains that GPArotation asks of a step.
precisions <- c(1e-7, 1e-6, 1e-5)

for (name in names(sources)) {
  r <- sources[[name]]$r
  m <- sources[[name]]$m
  p <- nrow(r)
  A <- unclass(suppressWarnings(fa(r, m, fm = "minres", rotate = "none"))$loadings)
  # The targets: where varimax loadings are above .4, 1 or free; elsewhere 0.
  large <- abs(unclass(Varimax(A, eps = 1e-9)$loadings)) > .4
  full <- 1 * large
  part <- ifelse(large, NA, 0)
  # Every column needs m - 1 given loadings, which these have.
  stopifnot(colSums(!is.na(part)) >= m - 1)
  rotations <- list(
    quartimax = list(quartimax), equamax = list(cfT, kappa = m / (2 * p)),
    oblimin = list(oblimin), "oblimin gamma=-0.5" = list(oblimin, gam = -.5),
    quartimin = list(quartimin),
    "quartimin normalize" = list(quartimin, normalize = TRUE),
    geomin_orthogonal = list(geominT), geomin_oblique = list(geominQ),
    "geomin_oblique delta=0.1" = list(geominQ, delta = .1),
    bentlerT = list(bentlerT), bentlerQ = list(bentlerQ),
    bifactor = list(bifactorT), biquartimin = list(bifactorQ),
    "target_orthogonal full" = list(targetT, Target = full),
    "target_oblique full" = list(targetQ, Target = full),
    "target_orthogonal part" = list(pstT, W = 1 * !is.na(part), Target = ifelse(is.na(part), 0, part)),
    "target_oblique part" = list(targetQ, Target = part),
    simplimax = list(simplimax)
  )
  # Perfect simple structure has p (m - 1) loadings of zero.
  if (m > 2) rotations[[sprintf("simplimax n_small=%d", p * (m - 1))]] <- list(simplimax, k = p * (m - 1))
  for (rotation in names(rotations)) {
    what <- rotations[[rotation]]
    for (eps in precisions) {
      one <- suppressWarnings(do.call(what[[1]], c(list(A), what[-1], list(eps = eps, maxit = if (p < 10) 100000 else 5000))))
      if (one$convergence) break
    }
    set.seed(1)
    f <- one$Table[nrow(one$Table), 2]
    if (!one$convergence) {
      cat("not converged:", name, rotation, "\n")
      next
    }
    # Other starts, for whether there is a lower minimum.
    few <- list(eps = 1e-5, maxit = 1000)
    others <- sapply(1:5, function(i) {
      g <- try(suppressWarnings(do.call(what[[1]], c(list(A, Tmat = Random.Start(m)), what[-1], few))), silent = TRUE)
      if (inherits(g, "try-error") || !g$convergence) NA else g$Table[nrow(g$Table), 2]
    })
    phi <- if (is.null(one$Phi)) diag(m) else one$Phi
    factors <- paste0("F", seq_len(m))
    L <- unclass(one$loadings)
    dimnames(L) <- list(colnames(r), factors)
    dimnames(phi) <- list(factors, factors)
    S <- L %*% phi
    values <- list(loadings = L, phi = phi, structure = S, criterion = unname(f),
      lowest = unname(min(f, others, na.rm = TRUE)))
    target <- if (grepl("full", rotation)) full else if (grepl("part", rotation)) part
    if (!is.null(target)) {
      dimnames(target) <- list(colnames(r), factors)
      values$target <- target
    }
    case(
      sprintf("%s/%d/%s", name, m, rotation), paste0("Rotation, ", sub(" .*", "", rotation)),
      sprintf("%s on fa(r, %d, fm = 'minres', rotate = 'none')$loadings, eps = %g # %s", rotation, m, eps, name),
      values
    )
  }
}
