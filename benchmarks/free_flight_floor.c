/* The floor of dense free flight: classical Runge-Kutta, J2, turning frame, 32 lanes, in plain C.
   Compiled by the benchmark with: cc -O3 -march=native -ffast-math -shared -fPIC */
#include <math.h>
#include <stddef.h>

#define LANES 32

static inline void slope(const double s[6][LANES], double d[6][LANES], double gm, double radius,
                         double rate, double j2) {
    const double oblate = 1.5 * j2 * radius * radius, twice = 2.0 * rate, squared = rate * rate;
    for (int l = 0; l < LANES; ++l) {
        const double x = s[0][l], y = s[1][l], z = s[2][l];
        const double inverse2 = 1.0 / (x * x + y * y + z * z);
        const double pull = gm * inverse2 * sqrt(inverse2);
        const double second = oblate * inverse2, sine2 = 5.0 * z * z * inverse2;
        const double across = squared - pull * (1.0 + second * (1.0 - sine2));
        d[0][l] = s[3][l];
        d[1][l] = s[4][l];
        d[2][l] = s[5][l];
        d[3][l] = across * x + twice * s[4][l];
        d[4][l] = across * y - twice * s[3][l];
        d[5][l] = -pull * (1.0 + second * (3.0 - sine2)) * z;
    }
}

/* states: (flights, 6); out: (blocks, samples, 6, LANES); flights a multiple of LANES. */
void sample(const double *states, double *out, ptrdiff_t flights, ptrdiff_t samples, double dt,
            double gm, double radius, double rate, double j2) {
    double s[6][LANES], k1[6][LANES], k2[6][LANES], k3[6][LANES], k4[6][LANES], p[6][LANES];
    for (ptrdiff_t b = 0; b < flights / LANES; ++b) {
        for (int l = 0; l < LANES; ++l)
            for (int c = 0; c < 6; ++c) s[c][l] = states[(b * LANES + l) * 6 + c];
        for (ptrdiff_t t = 0; t < samples; ++t) {
            double *row = out + (b * samples + t) * 6 * LANES;
            for (int c = 0; c < 6; ++c)
                for (int l = 0; l < LANES; ++l) row[c * LANES + l] = s[c][l];
            if (t == samples - 1) break;
            slope(s, k1, gm, radius, rate, j2);
            for (int c = 0; c < 6; ++c)
                for (int l = 0; l < LANES; ++l) p[c][l] = s[c][l] + 0.5 * dt * k1[c][l];
            slope(p, k2, gm, radius, rate, j2);
            for (int c = 0; c < 6; ++c)
                for (int l = 0; l < LANES; ++l) p[c][l] = s[c][l] + 0.5 * dt * k2[c][l];
            slope(p, k3, gm, radius, rate, j2);
            for (int c = 0; c < 6; ++c)
                for (int l = 0; l < LANES; ++l) p[c][l] = s[c][l] + dt * k3[c][l];
            slope(p, k4, gm, radius, rate, j2);
            for (int c = 0; c < 6; ++c)
                for (int l = 0; l < LANES; ++l)
                    s[c][l] += dt / 6.0 * (k1[c][l] + 2.0 * k2[c][l] + 2.0 * k3[c][l] + k4[c][l]);
        }
    }
}
