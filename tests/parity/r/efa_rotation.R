suppressMessages({
  library(psych)
  library(GPArotation)
})

# stats::varimax, and with it psych's varimax and promax, stops at a relative gain of 1e-5;
# optim, with which psych extracts, at 1e7 times the machine precision. Both run to their
# limit here, so that what is compared is the rotation.
local({
  tight <- stats::varimax
  formals(tight)$eps <- 1e-15
  stats_namespace <- asNamespace("stats")
  unlockBinding("varimax", stats_namespace)
  assign("varimax", tight, envir = stats_namespace)

  imports <- parent.env(asNamespace("psych"))
  unlockBinding("optim", imports)
  assign("optim", function(..., control) {
    stats::optim(..., control = c(control, list(factr = 10, maxit = 10000)))
  }, envir = imports)
})

blocks <- list(
  bfi = read_data("bfi.csv")[, 1:25],
  hs1939 = read_data("hs1939.csv")[, paste0("x", 1:9)],
  spi_trust = read_data("spi_trust.csv")[, c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
)
designs <- list(
  list("bfi", "complete", 5), list("bfi", "pairwise", 5), list("hs1939", "complete", 3),
  list("spi_trust", "complete", 2)
)

for (design in designs) {
  name <- design[[1]]
  use <- design[[2]]
  m <- design[[3]]
  x <- blocks[[name]]
  if (use == "complete") x <- na.omit(x)
  factors <- paste0("F", seq_len(m))
  for (fm in c("minres", "ml", "pa")) {
    for (rotate in c("varimax", "promax", "oblimin")) {
      extra <- if (rotate == "oblimin") list(eps = 1e-8, maxit = 5000) else list()
      f <- suppressWarnings(do.call(fa, c(
        list(x, m, fm = fm, rotate = rotate, min.err = 1e-13, max.iter = 50000), extra
      )))
      phi <- if (is.null(f$Phi)) diag(m) else f$Phi
      dimnames(phi) <- list(factors, factors)
      table <- function(y, rows) {
        y <- unclass(y)
        dimnames(y) <- list(rows, factors)
        y
      }
      case(
        sprintf("%s/%s/%d/%s/%s", name, use, m, fm, rotate), paste0("Rotation, ", rotate),
        sprintf(
          'fa(%s, %d, fm = "%s", rotate = "%s"%s)%s',
          if (use == "complete") sprintf("na.omit(%s)", name) else name, m, fm, rotate,
          if (rotate == "oblimin") ", eps = 1e-8" else "",
          if (rotate == "oblimin") ", with optim at factr = 10" else ", with optim at factr = 10 and varimax at eps = 1e-15"
        ),
        list(
          loadings = table(f$loadings, colnames(x)), phi = phi,
          structure = table(f$Structure, colnames(x)),
          communalities = f$communality, uniquenesses = f$uniquenesses,
          complexity = f$complexity, variance = table(f$Vaccounted, rownames(f$Vaccounted)),
          chisq = f$STATISTIC
        )
      )
    }
  }
}
