// reidbench detect: pictures -> people.
int main() {}
