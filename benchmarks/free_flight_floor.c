/* The floor of dense free flight: classical Runge-Kutta, J2, turning frame, 32 lanes, in plain C.
   One turn of the inner loop is a whole step of a lane: nothing but the states goes through memory.
   (With the slopes in arrays on the stack it takes 1.2 times as long, and twice as long where the
   stack happens not to start on a cache line.) */
#include <math.h>
#include <stddef.h>

#define LANES 32
#define BLOCK (6 * LANES)

typedef struct { double gm, rate, oblate; } field;
typedef struct { double a, b, c; } slope;

static inline slope fall(double x, double y, double z, double u, double v, field f) {
    const double inverse2 = 1.0 / (x * x + y * y + z * z);
    const double pull = f.gm * inverse2 * sqrt(inverse2);
    const double second = f.oblate * inverse2, sine2 = 5.0 * z * z * inverse2;
    const double across = f.rate * f.rate - pull * (1.0 + second * (1.0 - sine2));
    return (slope){across * x + 2.0 * f.rate * v, across * y - 2.0 * f.rate * u,
                   -pull * (1.0 + second * (3.0 - sine2)) * z};
}

static void step(const double *restrict now, double *restrict next, double dt, field f) {
    const double half = 0.5 * dt, sixth = dt / 6.0;
    for (int l = 0; l < LANES; ++l) {
        const double x = now[l], y = now[LANES + l], z = now[2 * LANES + l];
        const double u = now[3 * LANES + l], v = now[4 * LANES + l], w = now[5 * LANES + l];
        const slope k1 = fall(x, y, z, u, v, f);
        const double u2 = u + half * k1.a, v2 = v + half * k1.b, w2 = w + half * k1.c;
        const slope k2 = fall(x + half * u, y + half * v, z + half * w, u2, v2, f);
        const double u3 = u + half * k2.a, v3 = v + half * k2.b, w3 = w + half * k2.c;
        const slope k3 = fall(x + half * u2, y + half * v2, z + half * w2, u3, v3, f);
        const double u4 = u + dt * k3.a, v4 = v + dt * k3.b, w4 = w + dt * k3.c;
        const slope k4 = fall(x + dt * u3, y + dt * v3, z + dt * w3, u4, v4, f);
        next[l] = x + sixth * (u + 2.0 * (u2 + u3) + u4);
        next[LANES + l] = y + sixth * (v + 2.0 * (v2 + v3) + v4);
        next[2 * LANES + l] = z + sixth * (w + 2.0 * (w2 + w3) + w4);
        next[3 * LANES + l] = u + sixth * (k1.a + 2.0 * (k2.a + k3.a) + k4.a);
        next[4 * LANES + l] = v + sixth * (k1.b + 2.0 * (k2.b + k3.b) + k4.b);
        next[5 * LANES + l] = w + sixth * (k1.c + 2.0 * (k2.c + k3.c) + k4.c);
    }
}

/* states: (flights, 6); out: (blocks, samples, 6, LANES); flights a multiple of LANES. */
void sample(const double *states, double *out, ptrdiff_t flights, ptrdiff_t samples, double dt,
            double gm, double radius, double rate, double j2) {
    const field f = {gm, rate, 1.5 * j2 * radius * radius};
    for (ptrdiff_t b = 0; b < flights / LANES; ++b) {
        double *row = out + b * samples * BLOCK;
        for (int l = 0; l < LANES; ++l)
            for (int c = 0; c < 6; ++c) row[c * LANES + l] = states[(b * LANES + l) * 6 + c];
        for (ptrdiff_t t = 1; t < samples; ++t, row += BLOCK) step(row, row + BLOCK, dt, f);
    }
}
