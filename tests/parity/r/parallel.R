suppressMessages(library(psych))

blocks <- list(
  bfi = read_data("bfi.csv")[, 1:25],
  hs1939 = read_data("hs1939.csv")[, paste0("x", 1:9)],
  spi_trust = read_data("spi_trust.csv")[, c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
)

for (name in names(blocks)) {
  for (use in c("complete", "pairwise")) {
    x <- blocks[[name]]
    if (use == "complete") x <- na.omit(x)
    set.seed(1)
    invisible(capture.output(
      p <- suppressWarnings(suppressMessages(fa.parallel(x, n.iter = 200, plot = FALSE)))
    ))
    case(
      paste(name, use, sep = "/"), "Parallel analysis",
      sprintf(
        "set.seed(1); fa.parallel(%s, n.iter = 200)",
        if (use == "complete") sprintf("na.omit(%s)", name) else name
      ),
      list(
        factors = p$fa.values, components = p$pc.values,
        mean_components = p$pc.sim, n_factors = p$nfact, n_components = p$ncomp
      )
    )
  }
}
