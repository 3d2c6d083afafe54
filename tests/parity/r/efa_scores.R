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
blocks <- list(
  bfi = list(na.omit(read_data("bfi.csv")[, 1:25]), 5),
  hs1939 = list(read_data("hs1939.csv")[, paste0("x", 1:9)], 3),
  attitude = list(read_data("attitude.csv"), 2)
)
for (name in names(blocks)) {
  x <- blocks[[name]][[1]]
  m <- blocks[[name]][[2]]
  factors <- paste0("F", seq_len(m))
  for (rotate in c("oblimin", "none")) {
    f <- suppressWarnings(if (rotate == "none") fa(x, m, rotate = rotate) else fa(x, m, rotate = rotate, eps = 1e-8, maxit = 5000))
    L <- unclass(f$loadings)
    Phi <- if (is.null(f$Phi)) diag(m) else f$Phi
    for (method in c("Thurstone", "Bartlett", "tenBerge")) {
      s <- factor.scores(x, L, Phi = Phi, method = method)
      named <- function(y, rows) {
        y <- unclass(as.matrix(y))
        dimnames(y) <- list(rows, factors)
        y
      }
      best <- factor.scores(x, L, Phi = Phi, method = "Thurstone")$R2
      case(
        sprintf("%s/%d/%s/%s", name, m, rotate, method), paste0("Factor scores, ", method),
        sprintf('factor.scores(x, f$loadings, f$Phi, method = "%s"), f <- fa(x, %d, rotate = "%s") # %s', method, m, rotate, name),
        list(
          weights = named(s$weights, colnames(x)),
          scores = named(head(s$scores, 10), seq_len(10)),
          correlations = named(s$r.scores, factors),
          multiple_r_squared = setNames(as.vector(best), factors)
        )
      )
    }
  }
}
