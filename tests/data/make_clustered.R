# Makes clustered.csv: answers of 771 persons in 120 teams of 2 to 13 to six items, one factor on
# each level with unlike loadings, and a share of teams' differences in the items that falls from
# .25 to .04. No real person stands behind them.
set.seed(20260401)
size <- sample(2:13, 120, replace = TRUE, prob = c(1, 2, 3, 3, 3, 2, 2, 1, 1, 1, 1, 1))
team <- rep(seq_along(size), size)
n <- length(team)
within <- outer(rnorm(n), c(.9, .8, .7, .8, .6, .5)) + matrix(rnorm(6 * n), n) %*% diag(c(.6, .7, .7, .6, .8, .9))
between <- outer(rnorm(120), c(.55, .5, .35, .4, .3, .15)) + matrix(rnorm(6 * 120), 120) %*% diag(c(.35, .3, .3, .25, .25, .05))
y <- 4 + within + between[team, ]
colnames(y) <- paste0("y", 1:6)
write.csv(data.frame(team = sprintf("t%03d", team), round(y, 4)), "clustered.csv", row.names = FALSE)
