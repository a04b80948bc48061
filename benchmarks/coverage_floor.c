/* The floor of coverage: which face sees which sample, no trigonometry, in plain C.
   The columns of an envelope are those of the compiled sweep that this is compared with. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLES 2048 /* three coordinates of so many samples stay in the first-level cache */

enum column {
    SITE = 0, EDGE_MIN = 3, EDGE_MAX = 6, UP = 9, IS_WIDE = 12,
    APEX_MIN = 13, SLOPE_MIN = 14, APEX_MAX = 15, SLOPE_MAX = 16, RANGE_MIN = 17, RANGE_MAX = 18
};

static inline double dot(double x, double y, double z, const double *n) {
    return x * n[0] + y * n[1] + z * n[2];
}

static void face(const double *restrict x, const double *restrict y, const double *restrict z,
                 ptrdiff_t count, const double *restrict e, uint8_t *restrict seen) {
    const int wide = e[IS_WIDE] > 0.0;
    const double low = e[SLOPE_MIN] * fabs(e[SLOPE_MIN]), high = e[SLOPE_MAX] * fabs(e[SLOPE_MAX]);
    const double near = e[RANGE_MIN] * e[RANGE_MIN], far = e[RANGE_MAX] * e[RANGE_MAX];
    for (ptrdiff_t k = 0; k < count; ++k) {
        const double dx = x[k] - e[SITE], dy = y[k] - e[SITE + 1], dz = z[k] - e[SITE + 2];
        const double square = dx * dx + dy * dy + dz * dz;
        const int past = dot(dx, dy, dz, e + EDGE_MIN) >= -1e-3;
        const int before = dot(dx, dy, dz, e + EDGE_MAX) >= -1e-3;
        const double height = dot(dx, dy, dz, e + UP), level = square - height * height;
        const double over = height - e[APEX_MIN], under = height - e[APEX_MAX];
        seen[k] = ((past & before) | (wide & (past | before))) & (over * fabs(over) >= low * level) &
                  (under * fabs(under) <= high * level) & (square >= near) & (square <= far);
    }
}

/* x, y, z: (count); envelopes: (faces, columns); seen: (faces, count). */
void sweep(const double *x, const double *y, const double *z, ptrdiff_t count,
           const double *envelopes, ptrdiff_t faces, ptrdiff_t columns, uint8_t *seen) {
    for (ptrdiff_t start = 0; start < count; start += SAMPLES) {
        const ptrdiff_t size = count - start < SAMPLES ? count - start : SAMPLES;
        for (ptrdiff_t f = 0; f < faces; ++f)
            face(x + start, y + start, z + start, size, envelopes + f * columns,
                 seen + f * count + start);
    }
}
